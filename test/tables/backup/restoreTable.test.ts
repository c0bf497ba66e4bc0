import { expect, test } from 'vitest';

import type { RecordOf } from '../../../src/backup/records.ts';
import type { Restored, StoredRecord } from '../../../src/backup/store.ts';
import { dayStart } from '../../../src/contract/dayHours.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import { signKeySet } from '../../../src/tokens/signedKeySet.ts';
import { createTestTables } from '../../support/azurite.ts';
import { SUBSCRIPTION, vmId } from '../../support/licensing.ts';
import { createKeyPair, pkcs8 } from '../../tokens/forge.ts';

/** What becomes of a row that the store and a backup both have. */

async function createStore(): Promise<LicenceStore> {
  const { connectionString, tablePrefix } = createTestTables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

const DAY = 20_000;
/** In the middle of the day after. */
const RESTORED_AT = dayStart(DAY + 1) + 12 * 60 * 60_000;
const POOL = { kind: 'licence', id: 'fabrikam' } as const;
const of = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, licenceId: 'fabrikam', offer: 'contoso/a/b' };

const restore = (store: LicenceStore, record: StoredRecord, isTrial = false): Promise<Restored> =>
  store.restoreOne(record, { restoredAt: RESTORED_AT, isTrial, leave: (all) => Promise.resolve(all) });

/** @param first the hours from midnight on; all others have nobody */
const sums = (day: number, ...first: readonly number[]): RecordOf<'hours'> => ({
  ...{ kind: 'hours', pool: 'licence:fabrikam', day, ...of },
  counts: Array.from({ length: 24 }, (_, hour) => first[hour] ?? 0),
});

/** The hours of one VM, one bit each. */
const live = (store: LicenceStore, day: number, vm: number, hours: number, offer = of.offer) =>
  store.writeSeats(POOL, [{ row: 'usage', vmId: vmId(vm), ...of, offer, day, hours }]);

/** The sums that are kept of a day: how many VMs in the first four hours. */
async function sumsOf(store: LicenceStore, day: number): Promise<readonly number[] | null> {
  const vms = { vms: { after: null, last: null }, of: null };
  for await (const rows of store.readHours(POOL, { from: day, until: day + 1 }, vms))
    for (const row of rows) if (row.vmId === null) return row.counts.slice(0, 4);
  return null;
}

test('sums of a day that is over: of each hour the larger count stays, however often and in whichever order', async () => {
  for (const order of [
    [sums(DAY, 3, 1), sums(DAY, 2, 5)],
    [sums(DAY, 2, 5), sums(DAY, 3, 1)],
  ]) {
    const store = await createStore();
    for (const record of [...order, ...order]) await restore(store, record);
    expect(await sumsOf(store, DAY)).toEqual([3, 5, 0, 0]);
    expect((await restore(store, sums(DAY, 3, 5))).outcome).toBe('kept');
  }
});

test('sums of a day that is over and of which the store has VMs are not added to', async () => {
  const store = await createStore();
  await live(store, DAY, 1, 0b1);
  expect((await restore(store, sums(DAY, 2, 2))).outcome).toBe('kept');
  expect(await sumsOf(store, DAY)).toBeNull();
});

test('sums of the day that goes on: without the hours of VMs that the store has under the same offer', async () => {
  const store = await createStore();
  await live(store, DAY + 1, 1, 0b011);
  await live(store, DAY + 1, 2, 0b001);
  await live(store, DAY + 1, 3, 0b111, 'contoso/other/b');
  expect((await restore(store, sums(DAY + 1, 3, 1, 1))).outcome).toBe('created');
  expect(await sumsOf(store, DAY + 1)).toEqual([1, 0, 1, 0]);
  expect((await restore(store, sums(DAY + 1, 2, 1))).outcome).toBe('kept');
});

test('a trial of a restore tells the same, and writes nothing', async () => {
  const store = await createStore();
  expect((await restore(store, sums(DAY, 1), true)).outcome).toBe('created');
  expect(await sumsOf(store, DAY)).toBeNull();
});

const ISSUER = 'https://licences.vendor.example';

test('of two key sets of a root the one that was signed later stays, whenever each was sent', async () => {
  const [root, key] = [createKeyPair(), createKeyPair()];
  const signer = createLocalSigner(pkcs8(root.privateKey), 'root key');
  const sign = (iat: number) => signKeySet({ issuer: ISSUER, keys: [key.jwk], life: 1, iat, seconds: 10 }, signer);
  const [early, late] = [await sign(1_000), await sign(2_000)];
  const keySet = (token: string, at: number): RecordOf<'keyset'> => ({
    ...{ kind: 'keyset', root: signer.kid, token, since: {}, change: { by: 'operator', at } },
  });
  const tokens = async (store: LicenceStore) => (await store.listKeySets()).map(({ value }) => value.token);
  // As after a restore of an older backup: the set that was signed earlier was written later.
  for (const [first, second] of [
    [keySet(late, 1), keySet(early, 2)],
    [keySet(early, 2), keySet(late, 1)],
  ] as const) {
    const store = await createStore();
    await restore(store, first);
    await restore(store, second);
    expect(await tokens(store)).toEqual([late]);
    expect((await restore(store, keySet(late, 3))).outcome).toBe('kept');
  }
  // What the service cannot read serves nobody.
  const store = await createStore();
  await store.writeKeySet({ root: signer.kid, token: 'x.y.z', since: {} }, null, { by: 'operator', at: 9 });
  await restore(store, keySet(early, 1));
  expect(await tokens(store)).toEqual([early]);
});
