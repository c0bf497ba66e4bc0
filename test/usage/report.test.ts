import { expect, test } from 'vitest';

import { poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { dayOf, dayStart } from '../../src/contract/dayHours.ts';
import { ContinuationError } from '../../src/contract/stored.ts';
import { reportUsage } from '../../src/usage/report.ts';
import type { UsageItem, UsageQuery } from '../../src/usage/report.ts';
import type { LicensedVm, SummedHours, VmHours } from '../../src/usage/store.ts';
import { AT, DAY, HOUR, SUBSCRIPTION, vmId } from '../support/licensing.ts';
import { createMemoryUsageStore } from '../support/memoryUsageStore.ts';
import type { MemoryUsage } from '../support/memoryUsageStore.ts';

const TODAY = dayOf(AT);
const MIDNIGHT = dayStart(TODAY);
const FIRST: SeatPool = { kind: 'licence', id: 'fabrikam-2026' };
const SECOND: SeatPool = { kind: 'licence', id: 'tailspin' };
const of = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };
const licensed = { ...of, licenceId: 'Fabrikam-2026', offer: 'Contoso/Firewall/Pro' };

function hours(vm: number, day: number, bits: number, changed: Partial<VmHours> = {}): VmHours {
  return { vmId: vmId(vm), ...licensed, day: TODAY + day, hours: bits, ...changed };
}

function newest(vm: number, from: number, until: number, changed: Partial<LicensedVm> = {}): LicensedVm {
  const time = { issuedAt: MIDNIGHT + from, expiresAt: MIDNIGHT + until, counted: null, movedTo: null };
  return { vmId: vmId(vm), ...licensed, ...time, ...changed };
}

function ask(changed: Partial<UsageQuery> = {}): UsageQuery {
  const range = { from: MIDNIGHT - 10 * DAY, until: MIDNIGHT + 10 * DAY, now: AT };
  return { ...range, of: null, by: 'day', pool: null, offer: null, ...changed };
}

function storeOf(...pools: readonly (readonly [SeatPool, Partial<MemoryUsage>])[]) {
  const rows = pools.map(([pool, usage]) => [poolName(pool), { licensed: [], hours: [], ...usage }] as const);
  return createMemoryUsageStore(() => new Map(rows));
}

async function report(store: ReturnType<typeof storeOf>, query: UsageQuery, size = 1_000) {
  const items: UsageItem[] = [];
  let continuation: string | undefined;
  do {
    const page = await reportUsage(store, query, { size, continuation, clock: () => 0 });
    expect(page.items.length).toBeLessThanOrEqual(size);
    items.push(...page.items);
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return items;
}

const told = (items: readonly UsageItem[]) =>
  items.map(({ period, licence, vmHours, mostAtOnce }) => `${period} ${licence} ${vmHours} ${mostAtOnce}`);

test('hours are summed, and the most at once is of one hour', async () => {
  const store = storeOf([
    FIRST,
    { hours: [hours(1, 0, 0b111), hours(2, 0, 0b1), hours(3, 0, 0b1000), hours(1, 1, 1)] },
  ]);
  expect(told(await report(store, ask()))).toEqual(['2026-11-23 Fabrikam-2026 5 2', '2026-11-24 Fabrikam-2026 1 1']);
});

test('of a month the highest of its days counts', async () => {
  const store = storeOf([FIRST, { hours: [hours(1, 0, 0b11), hours(2, 0, 0b10), hours(1, 8, 1), hours(2, 9, 1)] }]);
  expect(told(await report(store, ask({ by: 'month' })))).toEqual([
    '2026-11 Fabrikam-2026 3 2',
    '2026-12 Fabrikam-2026 2 1',
  ]);
});

test('a licence that lives counts until now, and once where the ledger has it too', async () => {
  const vms = [newest(1, 10 * HOUR, 34 * HOUR), newest(2, 10 * HOUR, 11 * HOUR)];
  const ledger = [hours(1, 0, 2 ** 10), hours(1, -1, 1)];
  const store = storeOf([FIRST, { licensed: vms, hours: ledger }]);
  // It is noon: two hours of the first VM, one of the second; an hour that has begun counts.
  expect(told(await report(store, ask()))).toEqual(['2026-11-22 Fabrikam-2026 1 1', '2026-11-23 Fabrikam-2026 3 2']);
  const later = await report(store, ask({ now: AT + 1 }));
  expect(told(later).at(-1)).toBe('2026-11-23 Fabrikam-2026 4 2');
});

test('a VM that has gone on in another pool counts in the ledger alone', async () => {
  const moved = newest(1, 0, 24 * HOUR, { movedTo: 'licence:tailspin' });
  const store = storeOf([FIRST, { licensed: [moved], hours: [hours(1, 0, 1)] }]);
  expect(told(await report(store, ask()))).toEqual(['2026-11-23 Fabrikam-2026 1 1']);
});

test('what is renewed between the reading of VMs and of the ledger is neither lost nor counted twice', async () => {
  let renewed = false;
  const before: MemoryUsage = { licensed: [newest(1, 8 * HOUR, 32 * HOUR)], hours: [] };
  const after: MemoryUsage = {
    licensed: [newest(1, 11 * HOUR, 35 * HOUR, { counted: { day: TODAY, hours: 0b111 << 8 } })],
    hours: [hours(1, 0, 0b111 << 8)],
  };
  const store = createMemoryUsageStore(() => new Map([[poolName(FIRST), renewed ? after : before]]));
  const readHours: typeof store.readHours = (...args) => {
    renewed = true;
    return store.readHours(...args);
  };
  const items = await reportUsage({ ...store, readHours }, ask(), { size: 10, clock: () => 0 });
  expect(items.items.map(({ vmHours }) => vmHours)).toEqual([4]);
});

test('VMs that are no longer named are in the sums, hour by hour', async () => {
  const counts = [2, 5, ...new Array<number>(22).fill(0)];
  const sum: SummedHours = { ...licensed, vmId: null, day: TODAY, counts };
  const store = storeOf([FIRST, { hours: [sum, hours(1, 0, 0b110)] }]);
  expect(told(await report(store, ask()))).toEqual(['2026-11-23 Fabrikam-2026 9 6']);
  const part = ask({ from: MIDNIGHT + HOUR, until: MIDNIGHT + 2 * HOUR });
  expect(told(await report(store, part))).toEqual(['2026-11-23 Fabrikam-2026 6 6']);
});

test('a range begins and ends at any hour, and an hour belongs to the range in which it begins', async () => {
  const store = storeOf([FIRST, { licensed: [newest(2, 0, 24 * HOUR)], hours: [hours(1, 0, 0b1111)] }]);
  const range = { from: MIDNIGHT + HOUR - 1, until: MIDNIGHT + 3 * HOUR + 1 };
  expect(told(await report(store, ask(range)))).toEqual(['2026-11-23 Fabrikam-2026 6 2']);
});

test('each offer that a licence had is told by itself, and can be asked for alone', async () => {
  const other = { offer: 'Contoso/Firewall/Basic' };
  const store = storeOf([FIRST, { hours: [hours(1, 0, 0b11), hours(2, 0, 1, other)] }], [SECOND, { hours: [] }]);
  const items = await report(store, ask());
  expect(items.map(({ offer, vmHours }) => [offer, vmHours])).toEqual([
    ['Contoso/Firewall/Basic', 1],
    ['Contoso/Firewall/Pro', 2],
  ]);
  expect(await report(store, ask({ offer: 'contoso/firewall/basic' }))).toEqual([items[0]]);
});

test('one subscription counts alone, also in pools that name another', async () => {
  const stranger = '99999999-9999-4999-8999-999999999999';
  const plan = { publisher: 'contoso', product: 'firewall', name: 'pro' };
  const trial: SeatPool = { kind: 'trial', cloud: of.cloud, subscriptionId: stranger, plan };
  const rows = [hours(1, 0, 0b1), hours(2, 0, 0b11, { subscriptionId: stranger })];
  const store = storeOf(
    [FIRST, { hours: rows }],
    [trial, { hours: [hours(3, 0, 0b111, { subscriptionId: stranger })] }],
  );
  expect((await report(store, ask({ of }))).map(({ vmHours }) => vmHours)).toEqual([1]);
  const asked = ask({ of: { ...of, subscriptionId: stranger } });
  expect((await report(store, asked)).map(({ vmHours }) => vmHours)).toEqual([2, 3]);
});

test.each([1, 2, 3, 7, 50])('pages of %i rows together say what one page says', async (size) => {
  const days = Array.from({ length: 20 }, (_, day) => day - 10);
  const other = { offer: 'Contoso/Firewall/Basic' };
  const rows = days.flatMap((day) => [hours(1, day, 0b11), hours(2, day, 0b1, other)]);
  const store = storeOf([FIRST, { hours: rows }], [SECOND, { hours: rows }]);
  for (const by of ['day', 'month'] as const) {
    expect(await report(store, ask({ by }), size)).toEqual(await report(store, ask({ by })));
  }
});

test('a page ends after some seconds, and the next one goes on', async () => {
  const pools = ['a', 'b', 'c'].map((id): SeatPool => ({ kind: 'licence', id }));
  const store = storeOf(...pools.map((pool) => [pool, { hours: [hours(1, 0, 1)] }] as const));
  let now = 0;
  const clock = () => (now += 6_000);
  const first = await reportUsage(store, ask(), { size: 100, clock });
  expect(first.items.length).toBeLessThan(3);
  expect(first.next).not.toBeNull();
  const rest = await reportUsage(store, ask(), { size: 100, continuation: first.next ?? '', clock: () => 0 });
  expect(first.items.length + rest.items.length).toBe(3);
});

test.each([
  '',
  'nonsense',
  Buffer.from('["licence:x",1,0]').toString('base64url'),
  Buffer.from('{}').toString('base64url'),
])('a continuation of another list is refused: %j', async (continuation) => {
  const asked = reportUsage(storeOf(), ask(), { size: 1, continuation, clock: () => 0 });
  await expect(asked).rejects.toThrow(ContinuationError);
});

test('a pool of more VMs than are held in memory is counted part by part', async () => {
  const count = 45_000;
  const vms = Array.from({ length: count }, (_, vm) => newest(vm, 0, HOUR));
  const store = storeOf([
    FIRST,
    { licensed: vms, hours: [hours(0, 0, 0b11), hours(count - 1, 0, 0b1), hours(count, 0, 1)] },
  ]);
  expect(told(await report(store, ask()))).toEqual([`2026-11-23 Fabrikam-2026 ${count + 2} ${count + 1}`]);
});
