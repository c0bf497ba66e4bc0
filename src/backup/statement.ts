import * as z from 'zod';
import type { PublicJwk } from '../contract/wire.ts';
import { parseForeignJson } from '../tokens/canonicalJson.ts';
import { hasSignatureOf, parseCompactJws, signCompactJws } from '../tokens/compactJws.ts';
import { thumbprint } from '../tokens/publicJwk.ts';
import type { Signer } from '../tokens/signer.ts';
import { MAX_PARTS } from './parts.ts';

/** The type of the token that stands before a backup. */
const TYPE = 'backup+jws';

/** Characters; a statement under the longest issuer stays below it. */
export const MAX_STATEMENT = 4_096;

const claims = z.strictObject({
  iss: z.string(),
  /** NumericDate: when the last part was written. */
  iat: z.int(),
  /** Milliseconds since the epoch: what was changed later may be missing. */
  asOf: z.int().min(0),
  /** Of the backup. */
  id: z.uuid(),
  parts: z.int().min(1).max(MAX_PARTS),
  /** Over the digests of all parts in their order: see chainDigest. */
  digest: z.string().length(43),
});

/** What the service says of a backup. */
export type BackupStatement = z.output<typeof claims>;

/** @throws {SigningKeyUnavailableError} */
export function signStatement(statement: BackupStatement, signer: Signer): Promise<string> {
  return signCompactJws(TYPE, statement, signer);
}

export type JudgedStatement =
  | { readonly ok: true; readonly statement: BackupStatement; readonly kid: string }
  | { readonly ok: false; readonly fault: 'malformed' | 'issuer_unexpected' | 'key_unknown' | 'signature_invalid' };

/**
 * Judges the token that stands before a backup.
 *
 * @param keys the public keys that are believed; null: neither the signature nor the issuer is looked at
 */
export function judgeStatement(
  token: string,
  { issuer, keys }: { readonly issuer: string; readonly keys: readonly PublicJwk[] | null },
): JudgedStatement {
  const jws = parseCompactJws(token, MAX_STATEMENT);
  const { alg, typ, kid, ...others } = (jws && parseForeignJson(jws.header)) ?? {};
  const payload = claims.safeParse(jws && parseForeignJson(jws.payload));
  const isInForm = alg === 'ES256' && typ === TYPE && typeof kid === 'string' && Object.keys(others).length === 0;
  if (jws === null || !isInForm || !payload.success) return { ok: false, fault: 'malformed' };
  if (keys === null) return { ok: true, statement: payload.data, kid };
  const key = keys.find((one) => thumbprint(one) === kid);
  if (key === undefined) return { ok: false, fault: 'key_unknown' };
  if (!hasSignatureOf(jws, key)) return { ok: false, fault: 'signature_invalid' };
  if (payload.data.iss !== issuer) return { ok: false, fault: 'issuer_unexpected' };
  return { ok: true, statement: payload.data, kid };
}
