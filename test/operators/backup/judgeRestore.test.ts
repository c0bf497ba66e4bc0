import { expect, test } from 'vitest';

import { backupRecord } from '../../../src/backup/records.ts';
import type { StoredRecord } from '../../../src/backup/store.ts';
import { writeLicence, licenceEntry } from '../../../src/contract/operators/licence.ts';
import { offerEntry, writeOffer } from '../../../src/contract/operators/offer.ts';
import { findDenied } from '../../../src/operators/backup/judgeRestore.ts';

/** The dry run of a restore names offers and licences that stay active, but no longer cover some of their VMs. */

const AT = Date.parse('2026-11-28T09:05:00Z');
const OFFER = 'contoso/gateway/standard';
const [ONE, OTHER, THIRD] = [1, 2, 3].map((digit) => `aaaaaaaa-0000-4000-8000-00000000000${digit}`);
const CHANGE = { by: 'x', at: AT };

const licence = (members: object) => {
  const entry = licenceEntry.parse({
    ...{ id: 'customer', offer: OFFER, seats: 5, vmIds: [ONE, OTHER], skus: ['a', 'b'] },
    ...{ subscriptions: [ONE, OTHER].map((subscription) => ({ cloud: 'AzurePublicCloud', subscription })) },
    ...members,
  });
  return backupRecord.parse({ kind: 'licence', licence: writeLicence(entry), claim: 'x', change: CHANGE });
};
const offer = (members: object) => {
  const clouds = ['AzurePublicCloud', 'AzureChinaCloud'];
  const entry = offerEntry.parse({ offer: OFFER, mode: 'licensed', clouds, skus: ['a', 'b'], ...members });
  return backupRecord.parse({ kind: 'offer', offer: writeOffer(entry), change: CHANGE });
};

type Record = ReturnType<typeof licence>;

const replace = (old: Record, left: Record) =>
  findDenied(left, { outcome: 'replaced', old, left: left as StoredRecord }, AT);

const azure = (subscription: string | undefined, until: string | null = null) => ({
  ...{ cloud: 'AzurePublicCloud', subscription, until },
});

test('a licence that replaces one with more subscriptions, VM ids or SKUs', () => {
  const before = licence({});
  const cases: readonly (readonly [object, string | null])[] = [
    [{}, null],
    [{ seats: 1, note: 'other' }, null],
    [{ subscriptions: [azure(OTHER), azure(ONE), azure(THIRD)], vmIds: '*', skus: '*' }, null],
    [{ subscriptions: [azure(ONE)] }, 'no longer for some of its subscriptions'],
    [{ subscriptions: [azure(ONE), azure(OTHER, '2026-11-28T09:00:00Z')] }, 'no longer for some of its subscriptions'],
    [{ subscriptions: [azure(ONE), azure(OTHER, '2026-11-28T10:00:00Z')] }, null],
    [{ vmIds: [ONE, THIRD], skus: ['b'] }, 'no longer for some of its vmIds, skus'],
    [{ offer: 'contoso/gateway/other' }, 'for another offer'],
    [{ validFrom: '2026-12-01T00:00:00Z' }, 'not before 2026-12-01T00:00:00Z'],
    [{ status: 'suspended', vmIds: [ONE] }, 'suspended'],
  ];
  for (const [members, why] of cases) {
    const told = replace(before, licence(members));
    expect(told, JSON.stringify(members)).toEqual(why === null ? null : { kind: 'licence', key: 'customer', why });
  }
  const left = licence({ subscriptions: [azure(ONE), azure(OTHER, '2026-11-28T09:00:00Z')] });
  expect(replace(left, licence({ subscriptions: [azure(ONE)] }))).toBeNull();
  expect(replace(licence({ status: 'revoked' }), licence({ vmIds: [ONE] }))).toBeNull();
});

test('a licence of the emulator for some or for all subscriptions', () => {
  const all = licence({ cloud: 'emulator', subscriptions: '*' });
  const some = licence({ cloud: 'emulator', subscription: ONE, subscriptions: undefined });
  expect(replace(some, all)).toBeNull();
  expect(replace(all, some)).toMatchObject({ why: 'no longer for some of its subscriptions' });
});

test('an offer that replaces one with more clouds or SKUs', () => {
  const before = offer({});
  expect(replace(before, offer({ clouds: '*', skus: ['b', 'a', 'c'] }))).toBeNull();
  expect(replace(before, offer({ clouds: ['AzurePublicCloud'], skus: ['a'] }))).toEqual({
    ...{ kind: 'offer', key: OFFER, why: 'no longer for some of its clouds, skus' },
  });
});

test('what is created, or left as it is, serves nobody less', () => {
  const left = licence({ vmIds: [ONE] }) as StoredRecord;
  expect(findDenied(left, { outcome: 'created', old: null, left }, AT)).toBeNull();
  expect(findDenied(left, { outcome: 'kept', old: licence({}), left }, AT)).toBeNull();
});
