import { DerError, TAG } from '../der.ts';
import type { DerReader } from '../der.ts';

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads a Time (RFC 5280 section 4.1.2.5): UTCTime or GeneralizedTime, with seconds, in Z, without a fraction.
 *
 * @returns milliseconds since the epoch
 * @throws {DerError}
 */
export function readTime(reader: DerReader): number {
  const isUtcTime = reader.hasNext(TAG.utcTime);
  const octets = reader.readContent(isUtcTime ? TAG.utcTime : TAG.generalizedTime);
  const text = Buffer.from(octets).toString('latin1');
  const digits = (isUtcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (digits === null) throw new DerError('a time is not in the form of RFC 5280');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits.slice(1).map(Number);
  return utcInstant(isUtcTime ? fullYear(year) : year, month, day, hour, minute, second);
}

/** RFC 5280 section 4.1.2.5.1: 50 and above are of the last century. */
function fullYear(twoDigits: number): number {
  return twoDigits >= 50 ? 1900 + twoDigits : 2000 + twoDigits;
}

function utcInstant(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isSame =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!isSame) throw new DerError('a time does not exist');
  return date.getTime();
}
