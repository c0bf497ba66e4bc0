import { expect, test } from 'vitest';

import { licenceTimes } from '../../src/licensing/entitlement.ts';
import { AT, DAY, entitlement, HOUR } from '../support/licensing.ts';

test("the times of a licence without an end are the offer's", () => {
  expect(licenceTimes(entitlement({ lease: 3 * DAY }), AT)).toEqual({
    expiresAt: AT + DAY,
    renewAfter: AT + 12 * HOUR,
    graceUntil: AT + 8 * DAY,
    leaseEnd: AT + 3 * DAY,
  });
});

test('an end far away changes nothing, one within the grace ends the grace, one within the lease the lease', () => {
  const held = { lease: 3 * DAY };
  const plain = licenceTimes(entitlement(held), AT);
  expect(licenceTimes(entitlement({ ...held, validUntil: AT + 9 * DAY }), AT)).toEqual(plain);
  const twoDays = AT + 2 * DAY;
  expect(licenceTimes(entitlement({ ...held, validUntil: twoDays }), AT)).toEqual({
    ...plain,
    graceUntil: twoDays,
    leaseEnd: twoDays,
  });
});

test('an end within the lifetime is the end of everything, and is asked about half-way', () => {
  const end = AT + 2 * HOUR;
  expect(licenceTimes(entitlement({ validUntil: end }), AT)).toEqual({
    expiresAt: end,
    renewAfter: AT + HOUR,
    graceUntil: end,
    leaseEnd: end,
  });
});
