import { expect, test } from 'vitest';

import { isNewer } from '../../src/seats/challengeOrder.ts';

test('challenges are ordered by time, then by jti; the same one is not newer', () => {
  const newest = { ms: 1_000, jti: 'm' };
  expect(isNewer({ ms: 1_000, jti: 'm' }, null)).toBe(true);
  expect(isNewer({ ms: 1_001, jti: 'a' }, newest)).toBe(true);
  expect(isNewer({ ms: 999, jti: 'z' }, newest)).toBe(false);
  expect(isNewer({ ms: 1_000, jti: 'n' }, newest)).toBe(true);
  expect(isNewer({ ms: 1_000, jti: 'a' }, newest)).toBe(false);
  expect(isNewer({ ms: 1_000, jti: 'm' }, newest)).toBe(false);
});
