import * as z from 'zod';
import { formatInstant } from '../../contract/instants.ts';
import { cloud } from '../../contract/operators/fields.ts';
import type { DecisionRecord } from '../../decisions/decisionRecord.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY } from '../edge/bodies.ts';
import {
  DECISION_CODES,
  decisionPage,
  decisionSchema,
  explanationSchema,
  presentSchema,
} from '../../contract/operators/decision.ts';
import type { DecisionJson } from '../../contract/operators/decision.ts';
import { explainDecision, readPresent } from './explainDecision.ts';
import { pageQuery, readInClouds, readPageQuery, writePage } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';
import type { DecisionStore } from '../../decisions/store.ts';
import type { ListDecisions } from '../../views/listDecisions.ts';
import type { ExplainNeeds } from './explainDecision.ts';

export interface DecisionNeeds {
  readonly store: Pick<DecisionStore, 'readDecision'> & ExplainNeeds['store'];
  readonly listDecisions: ListDecisions;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<DecisionNeeds>();

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const listQuery = z.strictObject({
  cloud: cloud.optional(),
  subscription: z.guid().toLowerCase().optional(),
  vmId: z.guid().toLowerCase().optional(),
  code: z.enum(DECISION_CODES).optional(),
  licence: z.string().min(1).max(512).optional().describe('As tokens carry it.'),
  refused: z.literal('true').optional().describe('Refusals alone.'),
  from: time.optional().describe('Inclusive.'),
  until: time.optional().describe('Exclusive.'),
  ...pageQuery,
});

const idParams = z.strictObject({ id: z.guid().toLowerCase().describe('The correlation id.') });

const listDecisions = defineRoute({
  ...{ name: 'listDecisions', role: 'Reader' },
  summary:
    'First issues, changes and refusals, the newest first. Quick with cloud and subscription, or with cloud and vmId; anything else is a search through all decisions',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: decisionPage },
  codes: [],
  handle: async ({ needs, query, log }) => {
    const { subscription, vmId, code, licence, refused, from, until } = query;
    if (from !== undefined && until !== undefined && from > until) {
      throw new RequestError('request_malformed', 'from is later than until: name the earlier time in from.');
    }
    const filter = {
      ...{ cloud: query.cloud, subscriptionId: subscription, vmId, code, from, until },
      licenceId: licence,
      ...(refused !== undefined && { isRefused: true as const }),
    };
    const page = await needs.listDecisions(filter, readPageQuery(query));
    return { value: writePage(page, writeDecision, { log, cloud: query.cloud }) };
  },
});

const readDecision = defineRoute({
  ...{ name: 'readDecision', role: 'Reader' },
  summary: 'One decision with every check',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: decisionSchema },
  codes: ['not_found'],
  handle: async ({ needs, params }) => ({ value: writeDecision(await findDecision(needs, params.id)) }),
});

const explain = defineRoute({
  ...{ name: 'explainDecision', role: 'Reader' },
  summary: 'Why it was decided so, who can fix it, and what would be decided now',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: explanationSchema },
  codes: ['not_found'],
  handle: async ({ needs, params, change: { at } }) => {
    const decision = await findDecision(needs, params.id);
    return { value: { decision: writeDecision(decision), ...(await explainDecision(needs, decision, at)) } };
  },
});

const readNow = defineRoute({
  ...{ name: 'readDecisionNow', role: 'Reader' },
  summary: 'What would be decided now for the VM of a decision',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: presentSchema },
  codes: ['not_found'],
  handle: async ({ needs, params, change: { at } }) => ({
    value: await readPresent(needs, await findDecision(needs, params.id), at),
  }),
});

const timelineQuery = z.strictObject({
  subscription: z.guid().toLowerCase().optional().describe('Without vm.'),
  vm: z.guid().toLowerCase().optional().describe('Without subscription.'),
  cloud: cloud.optional().describe('Unless given, every accepted one, one after another: an id is in one cloud alone.'),
  ...pageQuery,
});

const readTimeline = defineRoute({
  ...{ name: 'readTimeline', role: 'Reader' },
  summary: 'First issues, changes of key and refusals of one subscription or VM, the newest first',
  ...{ params: NOTHING, query: timelineQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: decisionPage },
  codes: [],
  handle: async ({ needs, query, log }) => {
    const { subscription: subscriptionId, vm: vmId } = query;
    if ((subscriptionId === undefined) === (vmId === undefined)) {
      throw new RequestError('request_malformed', 'Name a subscription or a vm: one of the two.');
    }
    const clouds = query.cloud === undefined ? needs.acceptedClouds : [query.cloud];
    const page = await readInClouds(clouds, readPageQuery(query), (name, asked) =>
      needs.listDecisions({ subscriptionId, vmId, cloud: name }, asked),
    );
    return { value: writePage(page, writeDecision, { log, cloud: query.cloud }) };
  },
});

export const DECISION_ROUTES: readonly OperatorRoute<DecisionNeeds>[] = [
  ...[listDecisions, readDecision, explain, readNow, readTimeline],
];

async function findDecision({ store }: DecisionNeeds, id: string): Promise<DecisionRecord> {
  const decision = await store.readDecision(id);
  if (decision !== null) return decision;
  const detail =
    'No decision has this id. Refusals of evidence that is not authentic are in the log alone, and decisions are kept for a set time.';
  throw new RequestError('not_found', detail);
}

export function writeDecision({
  subscriptionId,
  licenceId,
  at,
  plan,
  checks,
  ...decision
}: DecisionRecord): DecisionJson {
  return {
    ...decision,
    at: formatInstant(at),
    subscription: subscriptionId,
    licence: licenceId,
    plan: plan === null ? null : { ...plan },
    checks: checks.map(({ name, outcome, detail }) => ({ name, outcome, ...(detail === undefined ? {} : { detail }) })),
  };
}
