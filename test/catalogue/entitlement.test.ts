import { expect, test } from 'vitest';

import { licenceTimes } from '../../src/catalogue/entitlement.ts';
import { AT, DAY, entitlement, HOUR } from '../support/licensing.ts';

const LIFE = 30 * DAY;

test("the times of a licence without an end are the offer's", () => {
  expect(licenceTimes(entitlement({ lease: 3 * DAY }), AT, LIFE)).toEqual({
    expiresAt: AT + DAY,
    renewAfter: AT + 12 * HOUR,
    graceUntil: AT + 8 * DAY,
    leaseEnd: AT + 3 * DAY,
  });
});

test('an end far away changes nothing, one within the grace ends the grace, one within the lease the lease', () => {
  const held = { lease: 3 * DAY };
  const plain = licenceTimes(entitlement(held), AT, LIFE);
  expect(licenceTimes(entitlement({ ...held, validUntil: AT + 9 * DAY }), AT, LIFE)).toEqual(plain);
  const twoDays = AT + 2 * DAY;
  expect(licenceTimes(entitlement({ ...held, validUntil: twoDays }), AT, LIFE)).toEqual({
    ...plain,
    graceUntil: twoDays,
    leaseEnd: twoDays,
  });
});

test('an end within the lifetime is the end of everything, and is asked about half-way', () => {
  const end = AT + 2 * HOUR;
  expect(licenceTimes(entitlement({ validUntil: end }), AT, LIFE)).toEqual({
    expiresAt: end,
    renewAfter: AT + HOUR,
    graceUntil: end,
    leaseEnd: end,
  });
});

test('a licence lasts for its longest life at most: its grace ends first, then its lifetime', () => {
  const held = entitlement({ lifetime: 20 * DAY, renewAfter: 15 * DAY, grace: 20 * DAY, lease: 40 * DAY });
  expect(licenceTimes(held, AT, 30 * DAY)).toEqual({
    expiresAt: AT + 20 * DAY,
    renewAfter: AT + 15 * DAY,
    graceUntil: AT + 30 * DAY,
    leaseEnd: AT + 40 * DAY,
  });
  expect(licenceTimes(held, AT, 10 * DAY)).toEqual({
    expiresAt: AT + 10 * DAY,
    renewAfter: AT + 5 * DAY,
    graceUntil: AT + 10 * DAY,
    leaseEnd: AT + 40 * DAY,
  });
});
