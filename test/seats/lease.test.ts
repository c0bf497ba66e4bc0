import { expect, test } from 'vitest';

import { extendLease, hasLeaseEnded } from '../../src/seats/lease.ts';
import { AT, HOUR, MINUTE } from '../support/licensing.ts';

test('a lease has ended two minutes after its end, not before', () => {
  expect(hasLeaseEnded(AT, AT)).toBe(false);
  expect(hasLeaseEnded(AT, AT + 2 * MINUTE)).toBe(false);
  expect(hasLeaseEnded(AT, AT + 2 * MINUTE + 1)).toBe(true);
});

test('a lease never moves back, and ends no earlier than the licence expires', () => {
  const times = { expiresAt: AT + HOUR, renewAfter: AT, graceUntil: AT, leaseEnd: AT + 2 * HOUR };
  expect(extendLease(0, times)).toBe(AT + 2 * HOUR);
  expect(extendLease(AT + 3 * HOUR, times)).toBe(AT + 3 * HOUR);
  expect(extendLease(0, { ...times, leaseEnd: AT })).toBe(AT + HOUR);
});
