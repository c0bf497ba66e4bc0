import * as z from 'zod';
import { formatInstant } from '../../contract/instants.ts';
import { must } from '../../contract/operators/fields.ts';
import { searchAnswer } from '../../contract/operators/search.ts';
import { RequestError } from '../../http/requestError.ts';
import { readSearch } from '../../views/readSearch.ts';
import type { SearchReader } from '../../views/readSearch.ts';
import type { KnownId } from '../../views/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { writeDecision } from './decisionRoutes.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface SearchNeeds {
  readonly store: SearchReader;
}

const defineRoute = routesThatNeed<SearchNeeds>();

const MAX_QUERY = 200;
const QUERY = must(`be a text of 1 to ${MAX_QUERY} characters`);

const search = defineRoute({
  ...{ name: 'search', role: 'Reader' },
  summary:
    'Licences by id, customer or note; subscriptions, VMs and decisions by id. Each word is the beginning of one, without regard to case',
  params: NOTHING,
  query: z.strictObject({ q: z.string(QUERY).min(1, QUERY).max(MAX_QUERY, QUERY).describe('Words, or an id.') }),
  body: NO_BODY,
  answer: { mediaType: 'application/json', schema: searchAnswer },
  codes: [],
  handle: async ({ needs, query: { q }, change: { at } }) => {
    const found = await readSearch(needs.store, q, at);
    if (found === null) {
      throw new RequestError(
        'request_malformed',
        'Nothing can be found by this: write at least two letters or digits.',
      );
    }
    const { licences, subscriptions, vms, decisions, complete } = found;
    const value = {
      ...{ query: q, cloud: null, complete },
      licences: licences.map(({ id, customer, reference, offer }) => ({ id, customer, reference, offer })),
      ...{ subscriptions: subscriptions.map(writeId), vms: vms.map(writeId), decisions: decisions.map(writeDecision) },
    };
    return { value };
  },
});

export const SEARCH_ROUTES: readonly OperatorRoute<SearchNeeds>[] = [search];

function writeId({ id, cloud, at }: KnownId) {
  return { id, cloud, lastMet: formatInstant(at) };
}
