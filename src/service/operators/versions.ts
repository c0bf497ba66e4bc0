import { RequestError } from '../requestError.ts';

/** `If-Match: *`: whichever version is there (RFC 9110 section 13.1.1). */
export const ANY_VERSION = Symbol('any version');

/** The version that a write may replace; null where the request names none. */
export type ExpectedVersion = string | typeof ANY_VERSION | null;

/** A store's own ETag is a weak one, and may hold quotation marks: ours is opaque and strong. */
export function writeETag(version: string): string {
  return `"${Buffer.from(version, 'utf8').toString('base64url')}"`;
}

/** @throws {RequestError} where the header is there and is not one ETag */
export function parseIfMatch(header: string | null): ExpectedVersion {
  if (header === null) return null;
  const text = header.trim();
  if (text === '*') return ANY_VERSION;
  const encoded = /^"([A-Za-z0-9_-]{1,512})"$/.exec(text)?.[1];
  if (encoded !== undefined) return Buffer.from(encoded, 'base64url').toString('utf8');
  throw new RequestError('request_malformed', 'If-Match must be one ETag as it was read, or *.');
}

/**
 * The version that a write must find, null for one that inserts.
 *
 * @param present the version that was read, null where nothing is there
 * @throws {RequestError} `changed_meanwhile` where that is not what the caller expects
 */
export function checkVersion(expected: ExpectedVersion, present: string | null): string | null {
  if (present === null) {
    if (expected === null) return null;
    throw new RequestError('changed_meanwhile', 'There is nothing to replace. Leave If-Match out to create it.');
  }
  if (expected === null) {
    throw new RequestError(
      'changed_meanwhile',
      'It is there already. Read it, and name its ETag in If-Match to replace it.',
    );
  }
  if (expected === ANY_VERSION || expected === present) return present;
  throw new RequestError('changed_meanwhile');
}
