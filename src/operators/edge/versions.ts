import { formatInstant } from '../../contract/instants.ts';
import type { Recorded } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';

/** `If-Match: *`: whichever version is there (RFC 9110 section 13.1.1). */
export const ANY_VERSION = Symbol('any version');

/** The ETags of the versions that a write may replace; null where the request names none. */
export type ExpectedVersion = readonly string[] | typeof ANY_VERSION | null;

/** A store's own ETag is a weak one, and may hold quotation marks: ours is opaque and strong. */
export function writeETag(version: string): string {
  return `"${Buffer.from(version, 'utf8').toString('base64url')}"`;
}

/** ETag and last change of a row, as answers have them. */
export function writeRecord({ version, change }: Omit<Recorded<unknown>, 'value'>) {
  return { etag: writeETag(version), changedBy: change.by, changedAt: formatInstant(change.at) };
}

const ETAG = /(?:W\/)?"[!#-~]*"/g;
const ETAGS = new RegExp(`^${ETAG.source}(?:[ \\t]*,[ \\t]*${ETAG.source})*$`);

/**
 * A weak ETag is one, but matches nothing (RFC 9110 section 13.1.1): proxies that compress make them of ours.
 *
 * @throws {RequestError} where the header is there and has no ETags
 */
export function parseIfMatch(header: string | null): ExpectedVersion {
  if (header === null) return null;
  const text = header.trim();
  if (text === '*') return ANY_VERSION;
  if (!ETAGS.test(text)) throw new RequestError('request_malformed', 'If-Match must be an ETag as it was read, or *.');
  return (text.match(ETAG) ?? []).filter((tag) => tag.startsWith('"'));
}

/** Whether a row may be changed at the version that it has. */
export function isExpected(expected: ExpectedVersion, present: string): boolean {
  return expected === null || expected === ANY_VERSION || expected.includes(writeETag(present));
}

/**
 * What a write may replace that was made of the version that was read, and of no later one.
 *
 * @throws {RequestError} `changed_meanwhile`
 */
export function narrowVersion(expected: ExpectedVersion, present: string): ExpectedVersion {
  if (!isExpected(expected, present)) throw new RequestError('changed_meanwhile');
  return expected === null ? null : [writeETag(present)];
}

/**
 * The version that a write must find, null for one that inserts.
 *
 * @param present the version that was read, null where nothing is there
 * @throws {RequestError} `changed_meanwhile` where that is not what the caller expects, `precondition_required` where the caller
 *   does not say
 */
export function checkVersion(expected: ExpectedVersion, present: string | null): string | null {
  if (present === null) {
    if (expected === null) return null;
    throw new RequestError('changed_meanwhile', 'There is nothing to replace. Send no If-Match to create it.');
  }
  if (expected === null) {
    throw new RequestError(
      'precondition_required',
      'It already exists. Read it, and send its ETag in If-Match to replace it.',
    );
  }
  if (isExpected(expected, present)) return present;
  throw new RequestError('changed_meanwhile');
}
