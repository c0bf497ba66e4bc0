import * as z from 'zod';
import { LICENCE_CODES } from '../contract/codes.ts';
import { formatInstant } from '../contract/instants.ts';
import { cloud } from '../contract/operators/fields.ts';
import { GRANT_CODES } from '../decisions/decisionRecord.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import { RequestError } from '../http/requestError.ts';
import type { Parts } from '../app/parts.ts';
import { NO_BODY } from './bodies.ts';
import { instantText, pageOf } from '../contract/operators/records.ts';
import { explainDecision, explanationSchema } from './explainDecision.ts';
import { pageQuery, readPageQuery, writePage } from './pages.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { OperatorRoute } from './route.ts';

const DECISION_CODES = [...LICENCE_CODES, 'challenge_replayed', ...GRANT_CODES] as const;

const nullableText = z.string().nullable();

export const decisionSchema = z
  .strictObject({
    id: z.string().describe('The correlation id of the answer that the VM got.'),
    at: instantText,
    code: z.enum(DECISION_CODES),
    cloud: z.string(),
    subscription: z.string(),
    vmId: z.string(),
    plan: z
      .strictObject({ publisher: nullableText, product: nullableText, name: nullableText })
      .nullable()
      .describe('As Azure attested it.'),
    claimedOffer: nullableText.describe('The VM’s own word.'),
    licence: nullableText,
    region: nullableText,
    sku: nullableText,
    checks: z.array(
      z.strictObject({
        name: z.string(),
        outcome: z.enum(['passed', 'failed', 'skipped', 'not_reached']),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Decision' });

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const listQuery = z.strictObject({
  cloud: cloud.optional(),
  subscription: z.guid().toLowerCase().optional(),
  vmId: z.guid().toLowerCase().optional(),
  code: z.enum(DECISION_CODES).optional(),
  from: time.optional().describe('Inclusive.'),
  until: time.optional().describe('Exclusive.'),
  ...pageQuery,
});

const idParams = z.strictObject({ id: z.guid().toLowerCase().describe('The correlation id.') });

const listDecisions = defineRoute({
  ...{ name: 'listDecisions', method: 'GET', path: '/decisions', role: 'Reader' },
  summary: 'First issues, changes and refusals, the newest day first; within a page the newest first',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(decisionSchema) },
  codes: [],
  handle: async ({ parts, query, log }) => {
    const { subscription, vmId, code, from, until } = query;
    if (from !== undefined && until !== undefined && from > until) {
      throw new RequestError('request_malformed', 'from is later than until: name the earlier time in from.');
    }
    const filter = { cloud: query.cloud, subscriptionId: subscription, vmId, code, from, until };
    const page = await parts.store.pageDecisions(filter, readPageQuery(query));
    return { value: writePage(page, writeDecision, log) };
  },
});

const readDecision = defineRoute({
  ...{ name: 'readDecision', method: 'GET', path: '/decisions/{id}', role: 'Reader' },
  summary: 'One decision with every check',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: decisionSchema },
  codes: ['not_found'],
  handle: async ({ parts, params }) => ({ value: writeDecision(await findDecision(parts, params.id)) }),
});

const explain = defineRoute({
  ...{ name: 'explainDecision', method: 'GET', path: '/decisions/{id}/explanation', role: 'Reader' },
  summary: 'Why it was decided so, who can fix it, and what would be decided now',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: {
    mediaType: 'application/json',
    schema: explanationSchema.extend({ decision: decisionSchema }).meta({ id: 'Explanation' }),
  },
  codes: ['not_found'],
  handle: async ({ parts, params, change: { at } }) => {
    const decision = await findDecision(parts, params.id);
    return { value: { decision: writeDecision(decision), ...(await explainDecision(parts, decision, at)) } };
  },
});

export const DECISION_ROUTES: readonly OperatorRoute[] = [listDecisions, readDecision, explain];

async function findDecision({ store }: Parts, id: string): Promise<DecisionRecord> {
  const decision = await store.readDecision(id);
  if (decision !== null) return decision;
  const detail =
    'No decision has this id. Refusals of evidence that is not authentic are in the log alone, and decisions are kept for a set time.';
  throw new RequestError('not_found', detail);
}

function writeDecision({
  subscriptionId,
  licenceId,
  at,
  plan,
  checks,
  ...decision
}: DecisionRecord): z.input<typeof decisionSchema> {
  return {
    ...decision,
    at: formatInstant(at),
    subscription: subscriptionId,
    licence: licenceId,
    plan: plan === null ? null : { ...plan },
    checks: checks.map(({ name, outcome, detail }) => ({ name, outcome, ...(detail === undefined ? {} : { detail }) })),
  };
}
