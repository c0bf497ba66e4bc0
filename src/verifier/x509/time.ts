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
  if (!(isUtcTime ? UTC_TIME : GENERALIZED_TIME).test(text))
    throw new DerError('a time is not in the form of RFC 5280');
  const iso = (isUtcTime ? `${findCentury(text)}${text}` : text).replace(GENERALIZED_TIME, '$1-$2-$3T$4:$5:$6.000Z');
  const instant = Date.parse(iso);
  // The 30th of February becomes a day of March, and 24:00 the next day.
  if (Number.isNaN(instant) || new Date(instant).toISOString() !== iso) throw new DerError('a time does not exist');
  return instant;
}

/** RFC 5280 section 4.1.2.5.1: 50 and above are of the last century. */
function findCentury(utcTime: string): '19' | '20' {
  return utcTime >= '5' ? '19' : '20';
}
