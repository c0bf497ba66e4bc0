import * as z from 'zod';
import { SigningKeyUnavailableError } from '../tokens/signer.ts';
import type { UseCase } from '../http/edge.ts';
import { KeySetMissingError } from '../tokens/keySets/keySets.ts';
import type { KeySets, RootState, ServedSet } from '../tokens/keySets/keySets.ts';
import { replyJson } from '../http/problems.ts';
import { readQuery } from '../http/readQuery.ts';
import { RequestError } from '../http/requestError.ts';
import { parseShape } from './requestBody.ts';

/** Seconds for which anybody keeps a key set; the least SIGNING_KEY_LEAD_SECONDS is twice as long. */
export const MAX_KEPT = 300;

export interface KeySetNeeds {
  readonly keySets: Pick<KeySets, 'read' | 'readPublished'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * `GET /.well-known/jwks.json`. Nobody may keep it for longer than it is certain to hold every key in use.
 *
 * @throws {SigningKeyUnavailableError}
 * @throws {KeySetMissingError}
 * @throws {StoreUnavailableError}
 */
export function readKeySet({ keySets, now }: KeySetNeeds): UseCase {
  return async () => {
    const at = now();
    const { keys, goodUntil } = await keySets.readPublished(at);
    return replyJson(200, { keys }, cacheUntil(goodUntil, at));
  };
}

/** The query of `GET /.well-known/jwks.jwt`. */
export const signedKeySetQuery = z.strictObject({
  // A text that is no thumbprint names no root in force: 404, as for any other.
  root: z
    .string()
    .optional()
    .describe('The RFC 7638 thumbprint of the root key to answer under. Without it: the first one in force.'),
});

/**
 * `GET /.well-known/jwks.jwt`: the same keys, signed by a root key.
 *
 * @throws {RequestError} `not_found` where the root is not in force
 * @throws {SigningKeyUnavailableError}
 * @throws {KeySetMissingError}
 * @throws {StoreUnavailableError}
 */
export function readSignedKeySet({ keySets, now }: KeySetNeeds): UseCase {
  return async ({ query }) => {
    const { root } = parseShape(readQuery(query), signedKeySetQuery, 'The query');
    const at = now();
    const { token, claims } = findSet(await keySets.read(at), root);
    const { goodUntil } = await keySets.readPublished(at);
    const maxAge = cacheUntil(Math.min(goodUntil, claims.exp * 1_000), at);
    return {
      status: 200,
      headers: { 'Content-Type': 'application/jwk-set+jwt', 'Cache-Control': maxAge },
      body: token,
    };
  };
}

/**
 * @param asked the thumbprint of a root key; without it the first one in force
 * @throws {RequestError} `not_found` where it is not in force
 * @throws {KeySetMissingError | SigningKeyUnavailableError}
 */
export function findSet(roots: readonly RootState[], asked: string | undefined): ServedSet {
  const found = asked === undefined ? roots[0] : roots.find(({ thumbprint }) => thumbprint === asked);
  if (found !== undefined) {
    if (found.set !== null) return found.set;
    throw found.failure ?? new KeySetMissingError('There is no signed key set.');
  }
  // The one that was asked for may be the one that nobody could read yet.
  const unread = roots.find(({ thumbprint }) => thumbprint === null);
  if (unread !== undefined) throw unread.failure ?? new SigningKeyUnavailableError('A root key was not read yet.');
  throw new RequestError(
    'not_found',
    'This root key is not in force here. The discovery document names those that are.',
  );
}

/** @param goodUntil milliseconds since the epoch */
function cacheUntil(goodUntil: number, at: number): string {
  const maximumAge = Math.min(MAX_KEPT, Math.floor((goodUntil - at) / 1_000));
  return maximumAge > 0 ? `public, max-age=${maximumAge}` : 'no-store';
}
