import * as z from 'zod';
import { CHANGE_KINDS, changeSchema } from '../../contract/operators/change.ts';
import type { ChangeJson } from '../../contract/operators/change.ts';
import { formatInstant } from '../../contract/instants.ts';
import { pageOf } from '../../contract/operators/records.ts';
import type { ChangeRecord } from '../../decisions/changes.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { findState } from './changeStates.ts';
import type { StateStore } from './changeStates.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface ChangeNeeds {
  readonly store: StateStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const listQuery = z.strictObject({
  kind: z.enum(CHANGE_KINDS).optional(),
  key: z.string().min(1).max(1_200).optional().describe('With it: kind. The changes of one object.'),
  by: z.string().min(1).max(64).optional().describe('The object id of an operator in the directory.'),
  from: time.optional().describe('Inclusive.'),
  until: time.optional().describe('Exclusive.'),
  ...pageQuery,
});

const listChanges = routesThatNeed<ChangeNeeds>()({
  ...{ name: 'listChanges', role: 'Reader' },
  summary: 'What operators changed, the newest first: who, what, old and new value, and why',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(changeSchema) },
  codes: [],
  handle: async ({ needs: { store, now }, query, log }) => {
    const { kind, key, by, from, until } = query;
    if (key !== undefined && kind === undefined) {
      throw new RequestError('request_malformed', 'key names one object of a kind: name the kind too.');
    }
    if (from !== undefined && until !== undefined && from > until) {
      throw new RequestError('request_malformed', 'from is later than until: name the earlier time in from.');
    }
    const page = await store.pageChanges({ kind, key, by, from, until }, readPageQuery(query));
    // Few are only begun, and nothing is read for the others.
    const states = await Promise.all(page.items.map((record) => findState(store, record, now())));
    const items = page.items.map((record, index) => writeChange(record, states[index] ?? 'unknown'));
    return { value: writePage({ ...page, items }, (item) => item, { log }) };
  },
});

export const CHANGE_ROUTES: readonly OperatorRoute<ChangeNeeds>[] = [listChanges];

export function writeChange(record: ChangeRecord, state: ChangeJson['state']): ChangeJson {
  const { id, request, at, by, byName, operation, kind, key, partial, reason } = record;
  return {
    ...{ id, request, at: formatInstant(at), by: { id: by, name: byName }, operation, kind, key },
    ...{ old: record.old && { ...record.old }, new: record.new && { ...record.new }, partial, reason, state },
  };
}
