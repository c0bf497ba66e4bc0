import { offlineLicenceSchema, offlineRequestSchema } from '../contract/operators/offline.ts';
import type { OfflineRequestBody } from '../contract/operators/offline.ts';
import type { OfflineLicence } from '../contract/wire.ts';
import type { ProblemCode } from '../contract/codes.ts';
import { EVIDENCE_CODES, LICENCE_CODES } from '../contract/codes.ts';
import type { Log } from '../http/edge.ts';
import { jsonBody } from './bodies.ts';
import { NOTHING, routesThatNeed } from './route.ts';
import type { OperatorRoute } from './route.ts';

export interface OfflineNeeds {
  /** @throws {RequestError | RefusedReply} */
  readonly activateOffline: (
    body: OfflineRequestBody,
    context: { readonly at: number; readonly log: Log },
  ) => Promise<OfflineLicence>;
}

/** As for the request of a VM: a genuine one has about 6 KB. */
const MAX_REQUEST = 64 * 1024;

const REFUSALS: readonly ProblemCode[] = ['proof_invalid', 'challenge_replayed', ...EVIDENCE_CODES, ...LICENCE_CODES];

const activateOffline = routesThatNeed<OfflineNeeds>()({
  ...{ name: 'activateOffline', role: 'Operator' },
  summary:
    'A licence for a VM without a way out, whose request came as a file; for offers with offline alone. A refusal is decided as for a VM that asks itself, and never signed',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(offlineRequestSchema, MAX_REQUEST) },
  answer: { mediaType: 'application/json', schema: offlineLicenceSchema },
  codes: [...REFUSALS, 'not_found', 'key_set_missing'],
  // Tokens are never kept. The same file gets the same licence again.
  handle: async ({ needs, body, change: { at }, log }) => ({
    value: await needs.activateOffline(body, { at, log }),
    kept: null,
  }),
});

export const OFFLINE_ROUTES: readonly OperatorRoute<OfflineNeeds>[] = [activateOffline];
