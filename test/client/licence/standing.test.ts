import { expect, test } from 'vitest';
import { standingOf } from '../../../src/client/licence/standing.ts';
import { DAY, HOUR, licenceClaims, NOW } from '../support/vectors.ts';

const CLAIMS = licenceClaims('https://licences.example.test', 'x', NOW);

test.each([
  ['current', 0],
  ['current', NOW + 12 * HOUR - 1],
  ['due', NOW + 12 * HOUR],
  ['due', NOW + DAY - 1],
  ['expired', NOW + DAY],
  ['expired', NOW + 8 * DAY - 1],
  ['ended', NOW + 8 * DAY],
] as const)('%s at %d', (standing, at) => {
  expect(standingOf(CLAIMS, at)).toBe(standing);
});

test('a licence is never current after it has expired, whatever its other times say', () => {
  const claims = { ...CLAIMS, licence: { ...CLAIMS.licence, renewAfter: CLAIMS.exp + 1, graceUntil: 0 } };
  expect(standingOf(claims, NOW + DAY - 1)).toBe('current');
  expect(standingOf(claims, NOW + DAY)).toBe('ended');
});

test('a renewal may be set to a later time, but not past the end', () => {
  expect(standingOf(CLAIMS, NOW + 12 * HOUR, NOW + 14 * HOUR)).toBe('current');
  expect(standingOf(CLAIMS, NOW + 14 * HOUR, NOW + 14 * HOUR)).toBe('due');
  expect(standingOf(CLAIMS, NOW + DAY, NOW + 2 * DAY)).toBe('expired');
});
