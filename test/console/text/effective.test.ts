import { expect, test } from 'vitest';
import { effectiveStatus } from '../../../src/console/text/effective.ts';
import { licenceEntry, writeLicence } from '../../../src/contract/operators/licence.ts';

const NOW = Date.UTC(2026, 10, 23, 12);

const licenceOf = (members: object) =>
  writeLicence(
    licenceEntry.parse({ id: 'a', cloud: 'emulator', subscriptions: '*', offer: 'a/b/c', seats: 1, ...members }),
  );

test.each([
  [{}, 'active'],
  [{ validUntil: '2026-11-23T12:00:00Z' }, 'expired'],
  [{ validUntil: '2026-11-23T12:00:01Z' }, 'active'],
  [{ validFrom: '2026-11-23T12:00:01Z' }, 'not_yet'],
  [{ validFrom: '2026-11-23T12:00:00Z' }, 'active'],
  [{ status: 'suspended', validUntil: '2020-01-01T00:00:00Z' }, 'suspended'],
  [{ status: 'revoked' }, 'revoked'],
])('%j is %s', (members, effective) => {
  expect(effectiveStatus(licenceOf(members), NOW)).toBe(effective);
});
