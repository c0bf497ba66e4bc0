import { decodeBase64Url } from '../../contract/base64.ts';
import { parseJsonObject } from '../members.ts';
import type { JsonObject } from '../members.ts';

/** A compact JWS (RFC 7515 section 3.1) taken apart, unverified. */
export interface CompactToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** `header.payload`, the text under the signature. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

const SHAPE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** Characters. The longest token of this protocol is a key set, with at most 32 keys. */
export const MAX_TOKEN = 16_384;

/** @returns undefined where the text is too long, is not canonical base64url throughout, or holds no JSON objects */
export function readCompactToken(token: string): CompactToken | undefined {
  if (token.length > MAX_TOKEN) return undefined;
  const [, header, payload, signature] = SHAPE.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const headerObject = decodeObject(header);
  const claims = decodeObject(payload);
  const octets = decodeBase64Url(signature);
  if (headerObject === undefined || claims === undefined || octets === null) return undefined;
  return { header: headerObject, claims, signingInput: `${header}.${payload}`, signature: octets };
}

function decodeObject(part: string): JsonObject | undefined {
  const octets = decodeBase64Url(part);
  return octets === null ? undefined : parseJsonObject(octets.toString('utf8'));
}
