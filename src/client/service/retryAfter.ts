/** Milliseconds. The service asks for minutes at most; more would only keep a program from starting. */
const MAX_WAIT = 900_000;

/**
 * `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3). A date is compared with the sender's own `Date` where
 * there is one, so that the clock of this machine does not matter.
 *
 * @param now milliseconds since the epoch
 * @returns milliseconds, or undefined where there is none or it cannot be read
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, MAX_WAIT);
  const until = readDate(value);
  if (until === undefined) return undefined;
  const from = readDate(headers.get('date') ?? '') ?? now;
  return Math.min(Math.max(until - from, 0), MAX_WAIT);
}

/** An HTTP date is always in GMT; other forms that JavaScript reads are none. */
function readDate(value: string): number | undefined {
  const time = value.endsWith(' GMT') ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
