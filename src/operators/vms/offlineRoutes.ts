import { hash } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { LicenceClaims } from '../../contract/claims.ts';
import { offlineLicenceSchema, offlineRequestSchema } from '../../contract/operators/offline.ts';
import type { OfflineRequestBody } from '../../contract/operators/offline.ts';
import type { OfflineLicence } from '../../contract/wire.ts';
import type { ProblemCode } from '../../contract/codes.ts';
import { EVIDENCE_CODES, LICENCE_CODES } from '../../contract/codes.ts';
import type { Log } from '../../http/edge.ts';
import { jsonBody } from '../edge/bodies.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

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
  handle: async ({ needs, body, change: { at }, record, log }) => {
    // Which VM it is for is known when its evidence is verified.
    const request = {
      kind: 'offline',
      key: hash('sha256', body.document.signature),
      version: null,
      old: null,
    } as const;
    await record({ ...request, new: null });
    const value = await needs.activateOffline(body, { at, log });
    const { licence, azure } = decodeJwt<Pick<LicenceClaims, 'licence' | 'azure'>>(value.licence);
    const { vmId, cloud, subscriptionId } = azure;
    const of = { cloud, subscriptionId };
    await record({ ...request, of, new: { licence: licence.id, vmId, cloud, subscription: subscriptionId } });
    return { value, kept: null };
  },
});

export const OFFLINE_ROUTES: readonly OperatorRoute<OfflineNeeds>[] = [activateOffline];
