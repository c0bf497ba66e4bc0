import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import { readTime } from '../../../src/verifier/x509/time.ts';
import { generalizedTime, utcTime } from './writeCertificate.ts';
import { readerOf, utf8 } from './writeDer.ts';

test.each([
  [utcTime('491231235959Z'), '2049-12-31T23:59:59.000Z'],
  [utcTime('500101000000Z'), '1950-01-01T00:00:00.000Z'],
  [utcTime('700101000000Z'), '1970-01-01T00:00:00.000Z'],
  [utcTime('000229120000Z'), '2000-02-29T12:00:00.000Z'],
  [generalizedTime('20500101000000Z'), '2050-01-01T00:00:00.000Z'],
  [generalizedTime('00010101000000Z'), '0001-01-01T00:00:00.000Z'],
  [generalizedTime('99991231235959Z'), '9999-12-31T23:59:59.000Z'],
])('a time is read in its century: %s', (der, expected) => {
  const reader = readerOf(der);
  expect(new Date(readTime(reader)).toISOString()).toBe(expected);
  expect(reader.atEnd).toBe(true);
});

test.each([
  ['no seconds', utcTime('2501010000Z')],
  ['another zone', utcTime('250101000000+0100')],
  ['a fraction', generalizedTime('20250101000000.5Z')],
  ['no zone', generalizedTime('20250101000000')],
  ['letters', utcTime('25010100000OZ')],
  ['four digits of the year in UTCTime', utcTime('20250101000000Z')],
  ['two digits of the year in GeneralizedTime', generalizedTime('250101000000Z')],
  ['the 30th of February', utcTime('250230000000Z')],
  ['the 29th of February of a common year', utcTime('250229000000Z')],
  ['month 13', utcTime('251301000000Z')],
  ['month 0', utcTime('250001000000Z')],
  ['day 0', utcTime('250100000000Z')],
  ['24:00', utcTime('250101240000Z')],
  ['a leap second', utcTime('161231235960Z')],
  ['a text', utf8('250101000000Z')],
])('a time with %s is refused', (_, der) => {
  expect(() => readTime(readerOf(der))).toThrow(DerError);
});
