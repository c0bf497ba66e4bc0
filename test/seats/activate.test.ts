import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { Activation } from '../../src/seats/activation.ts';
import { blockVm, unblockVm } from '../../src/seats/changeActivation.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import { dayOf } from '../../src/contract/dayHours.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import { LATEST_WRITE } from '../../src/seats/lease.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, SUBSCRIPTION, VM_ID, vmId } from '../support/licensing.ts';

const tables = useAzurite();

interface Counted {
  readonly store: LicenceStore;
  /** Requests since the last call. */
  readonly trips: () => number;
}

async function createStore(): Promise<Counted> {
  let trips = 0;
  const { connectionString, tablePrefix } = tables();
  const connection = { connectionString };
  const store = createTablesStore({ connection, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const counted = () => {
    const count = trips;
    trips = 0;
    return count;
  };
  counted();
  return { store, trips: counted };
}

async function grant(store: SeatStore, held: Entitlement, asked: ActivationRequest): Promise<Activation> {
  const outcome = await activate(store, held, asked);
  if (!outcome.granted) throw new Error(`refused: ${outcome.code}`);
  return outcome.activation;
}

async function boot(store: SeatStore, held: Entitlement, vm: number, at = AT): Promise<string> {
  const outcome = await activate(store, held, request(held, { vmId: vmId(vm), at }));
  return outcome.granted ? 'granted' : outcome.code;
}

test('a first boot costs three round trips, a renewal two, and a replay one', async () => {
  const { store, trips } = await createStore();
  const held = entitlement();
  const first = request(held);
  expect(await activate(store, held, first)).toMatchObject({ granted: true, first: true, keyChanged: false });
  expect(trips()).toBe(3);

  const renewal = request(held, { at: AT + 12 * HOUR });
  expect(await activate(store, held, renewal)).toMatchObject({ granted: true, first: false, keyChanged: false });
  expect(trips()).toBe(2);

  for (const replayed of [renewal, first]) {
    expect(await activate(store, held, replayed)).toEqual({
      granted: false,
      code: 'challenge_replayed',
      inGrace: true,
    });
    expect(trips()).toBe(1);
  }
});

test('the row says what was issued, and keeps its first and latest times', async () => {
  const { store } = await createStore();
  const held = entitlement();
  const first = request(held, { client: 'agent/1.0', label: 'Halle 3' });
  const expected = {
    vmId: VM_ID,
    ...{ cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, offer: 'Contoso/Firewall/Pro' },
    ...{ issuedAt: AT, expiresAt: AT + DAY, counted: null, overSince: null, movedTo: null, moves: 0 },
    licenceId: 'fabrikam-2026',
    seat: { kind: 'numbered', number: 0 },
    jkt: 'first-key',
    keyUntil: AT + DAY,
    keyChanges: [],
    challenge: first.challenge,
    licenceJti: first.licenceJti,
    leaseEnd: AT + DAY,
    graceUntil: AT + 8 * DAY,
    region: 'westeurope',
    sku: 'Gen2',
    client: 'agent/1.0',
    label: 'Halle 3',
    firstSeen: AT,
    lastSeen: AT,
    blocked: false,
  };
  expect(await grant(store, held, first)).toEqual(expected);
  expect((await store.readActivation(held.pool, VM_ID))?.value).toEqual(expected);

  const later = request(held, { at: AT + HOUR, region: null, jkt: undefined, sku: '' });
  const unbound = entitlement({ keyChanges: 1 });
  await grant(store, unbound, later);
  expect((await store.readActivation(held.pool, VM_ID))?.value).toEqual({
    ...expected,
    ...{ jkt: null, keyUntil: AT + HOUR + DAY, keyChanges: [{ from: 'first-key', at: AT + HOUR, until: AT + DAY }] },
    ...{
      challenge: later.challenge,
      licenceJti: later.licenceJti,
      ...{ issuedAt: AT + HOUR, expiresAt: AT + HOUR + DAY },
      leaseEnd: AT + HOUR + DAY,
      counted: { day: dayOf(AT), hours: 1 << 12 },
      graceUntil: AT + HOUR + 8 * DAY,
      region: null,
      sku: '',
      client: null,
      label: null,
    },
    lastSeen: AT + HOUR,
  });
});

test('an answer that was lost costs no second seat', async () => {
  const { store } = await createStore();
  const held = entitlement({ seats: 1 });
  const lost = await grant(store, held, request(held));
  const again = await grant(store, held, request(held, { at: AT + MINUTE }));
  expect(again.seat).toEqual(lost.seat);
  expect((await store.readSeats(held.pool, null)).blocks).toMatchObject([{ index: 0, taken: 1n }]);
  expect(await boot(store, held, 2)).toBe('seats_exhausted');
});

test('a refused request spends nothing', async () => {
  const { store } = await createStore();
  const held = entitlement({ seats: 0 });
  const refused = request(held);
  expect(await activate(store, held, refused)).toEqual({ granted: false, code: 'seats_exhausted', inGrace: false });
  expect(await activate(store, entitlement(), refused)).toMatchObject({ granted: true, first: true });
});

test('a lease never moves back, even if the terms became shorter', async () => {
  const { store } = await createStore();
  const long = entitlement({ lifetime: 3 * DAY, lease: 5 * DAY });
  await grant(store, long, request(long));
  const short = entitlement();
  const renewed = await grant(store, short, request(short, { at: AT + HOUR }));
  expect(renewed).toMatchObject({ leaseEnd: AT + 5 * DAY, keyUntil: AT + 3 * DAY });
});

test('a change of key is taken and told, one more is refused and does not count', async () => {
  const { store } = await createStore();
  const held = entitlement({ keyChanges: 1 });
  const withKey = (jkt: string, at: number) => activate(store, held, request(held, { jkt, at }));
  await withKey('first-key', AT);
  expect(await withKey('second-key', AT + HOUR)).toMatchObject({ granted: true, keyChanged: true, first: false });
  expect(await withKey('third-key', AT + 2 * HOUR)).toEqual({ granted: false, code: 'key_changed', inGrace: true });
  expect(await withKey('first-key', AT + 2 * HOUR)).toEqual({ granted: false, code: 'key_changed', inGrace: true });
  expect(await withKey('second-key', AT + 3 * HOUR)).toMatchObject({ granted: true, keyChanged: false });
  expect(await withKey('third-key', AT + DAY + 2 * MINUTE)).toMatchObject({ granted: true, keyChanged: true });
});

test('a blocked VM is refused, known or not, until it is let in again', async () => {
  const { store } = await createStore();
  const held = entitlement();
  await grant(store, held, request(held));
  const known = await store.readActivation(held.pool, VM_ID);
  if (known === null) throw new Error('the row is missing');
  const blocked = { ...known.value, blocked: true };
  await store.writeSeats(held.pool, [{ row: 'activation', activation: blocked, version: known.version }]);
  expect(await boot(store, held, 1, AT + HOUR)).toBe('vm_blocked');

  const stranger: Activation = {
    ...blocked,
    vmId: vmId(2),
    seat: { kind: 'none' },
    challenge: null,
    keyUntil: 0,
    leaseEnd: 0,
    graceUntil: 0,
  };
  await store.writeSeats(held.pool, [{ row: 'activation', activation: stranger, version: null }]);
  expect(await boot(store, held, 2, AT + HOUR)).toBe('vm_blocked');
  const row = await store.readActivation(held.pool, vmId(2));
  const letIn = { ...stranger, blocked: false };
  await store.writeSeats(held.pool, [{ row: 'activation', activation: letIn, version: row?.version ?? null }]);
  expect(await activate(store, held, request(held, { vmId: vmId(2), at: AT + HOUR }))).toMatchObject({
    granted: true,
    first: true,
    keyChanged: false,
    activation: { seat: { kind: 'numbered', number: 1 } },
  });
});

test('a seat is free two minutes after its lease, and the old row stays without it', async () => {
  const { store } = await createStore();
  const held = entitlement({ seats: 1 });
  await grant(store, held, request(held));
  expect(await boot(store, held, 2, AT + DAY + 2 * MINUTE)).toBe('seats_exhausted');
  expect(await boot(store, held, 2, AT + DAY + 2 * MINUTE + 1)).toBe('granted');
  expect((await store.readActivation(held.pool, VM_ID))?.value).toMatchObject({
    seat: { kind: 'none' },
    jkt: 'first-key',
    firstSeen: AT,
  });
  expect(await boot(store, held, 1, AT + DAY + 5 * MINUTE)).toBe('seats_exhausted');
});

test('a VM that comes back after its lease keeps its seat if nobody took it', async () => {
  const { store, trips } = await createStore();
  const held = entitlement({ seats: 2 });
  await grant(store, held, request(held));
  expect(await boot(store, held, 2)).toBe('granted');
  trips();
  const back = await grant(store, held, request(held, { at: AT + 9 * DAY }));
  expect(back.seat).toEqual({ kind: 'numbered', number: 0 });
  expect(trips()).toBe(3);
  expect(await boot(store, held, 3, AT + 9 * DAY)).toBe('granted');
  expect(await boot(store, held, 2, AT + 9 * DAY)).toBe('seats_exhausted');
});

test('lowered seats refuse no renewal, and let nobody in until the rest fits', async () => {
  const { store } = await createStore();
  const six = entitlement({ seats: 6 });
  for (let vm = 1; vm <= 6; vm += 1) expect(await boot(store, six, vm)).toBe('granted');
  const three = entitlement({ seats: 3 });
  for (let vm = 1; vm <= 4; vm += 1) expect(await boot(store, three, vm, AT + 12 * HOUR)).toBe('granted');
  // VMs 5 and 6 are gone: four of six are left, and three are too many for a fourth.
  expect(await boot(store, three, 7, AT + DAY + HOUR)).toBe('seats_exhausted');
  for (let vm = 1; vm <= 2; vm += 1) expect(await boot(store, three, vm, AT + DAY + HOUR)).toBe('granted');
  // VMs 3 and 4 are gone too: two are left, and there is room for one.
  expect(await boot(store, three, 7, AT + 2 * DAY)).toBe('granted');
  expect(await boot(store, three, 8, AT + 2 * DAY)).toBe('seats_exhausted');
});

test('unlimited seats need no blocks, and are counted once they are limited', async () => {
  const { store, trips } = await createStore();
  const unlimited = entitlement({ seats: 'unlimited' });
  for (let vm = 1; vm <= 3; vm += 1) expect(await boot(store, unlimited, vm)).toBe('granted');
  expect(trips()).toBe(9);
  expect((await store.readSeats(unlimited.pool, null)).blocks).toEqual([]);
  trips();

  const four = entitlement({ seats: 4 });
  expect(await boot(store, four, 4, AT + HOUR)).toBe('granted');
  // The unlimited boots have made the pool known: the count comes with the seats.
  expect(trips()).toBe(3);
  expect(await boot(store, four, 5, AT + HOUR)).toBe('seats_exhausted');
  trips();
  expect(await boot(store, four, 1, AT + 2 * HOUR)).toBe('granted');
  expect(trips()).toBe(2);
  // VMs 2 and 3 are gone: VM 1, uncounted, and VM 4 are left.
  expect(await boot(store, four, 5, AT + DAY + HOUR)).toBe('granted');
  expect(await boot(store, four, 6, AT + DAY + HOUR)).toBe('granted');
  expect(await boot(store, four, 7, AT + DAY + HOUR)).toBe('seats_exhausted');
});

test('other licences, and other subscriptions, plans and clouds without one, have seats of their own', async () => {
  const { store } = await createStore();
  const held = entitlement({ seats: 1 });
  const own = {
    kind: 'marketplace' as const,
    cloud: 'AzurePublicCloud',
    subscriptionId: SUBSCRIPTION,
    plan: held.plan,
  };
  const pools: readonly SeatPool[] = [
    held.pool,
    { kind: 'licence', id: 'another' },
    own,
    { ...own, kind: 'trial' },
    { ...own, cloud: 'AzureChinaCloud' },
    { ...own, subscriptionId: vmId(9) },
    { ...own, plan: { ...held.plan, name: '*' } },
  ];
  for (const pool of pools) expect(await boot(store, { ...held, pool }, 1)).toBe('granted');
  // The spelling of names makes no other pool.
  const loud = { publisher: 'CONTOSO', product: 'FIREWALL', name: 'PRO' };
  for (const pool of [{ kind: 'licence', id: 'ANOTHER' } as const, { ...own, plan: loud }]) {
    expect(await boot(store, { ...held, pool }, 2)).toBe('seats_exhausted');
  }
});

test('with 99 % of 10,000 seats taken a first boot still costs three round trips', async () => {
  const { store, trips } = await createStore();
  const held = entitlement({ seats: 10_000 });
  const blocks = Array.from({ length: 157 }, (_, index) => ({
    row: 'block' as const,
    index,
    // Seats 9,900 to 9,999 are free.
    taken: (1n << BigInt(Math.max(0, Math.min(64, 9_900 - index * 64)))) - 1n,
    version: null,
  }));
  await store.writeSeats(held.pool, blocks.slice(0, 100));
  await store.writeSeats(held.pool, blocks.slice(100));
  trips();
  const { seat } = await grant(store, held, request(held));
  expect(seat.kind === 'numbered' && seat.number).toBeGreaterThanOrEqual(9_900);
  expect(trips()).toBe(3);
});

/** One seat, which the first VM had until its lease ended, and which the second one has since. */
async function createTakenOver(held: Entitlement) {
  const { store } = await createStore();
  await grant(store, held, request(held));
  const taken = AT + DAY + 3 * MINUTE;
  expect(await boot(store, held, 2, taken)).toBe('granted');
  const comeBack = (at: number) => activate(store, held, request(held, { at }));
  const keepSecond = (at: number) => boot(store, held, 2, at);
  return { store, taken, comeBack, keepSecond };
}

test('a VM whose seat was taken over is refused, and said to be in grace until its last licence’s grace is over', async () => {
  const held = entitlement({ seats: 1, grace: 2 * DAY });
  const { taken, comeBack, keepSecond } = await createTakenOver(held);
  const refused = { granted: false, code: 'seats_exhausted' };
  expect(await comeBack(taken)).toEqual({ ...refused, inGrace: true });
  await keepSecond(taken + DAY);
  await keepSecond(taken + 2 * DAY);
  const graceEnd = AT + 3 * DAY;
  expect(await comeBack(graceEnd + CLOCK_SKEW)).toEqual({ ...refused, inGrace: true });
  expect(await comeBack(graceEnd + CLOCK_SKEW + 1)).toEqual({ ...refused, inGrace: false });
});

const WHERE = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };

test('a VM that was never given a licence is in no grace, blocked before it came or not', async () => {
  const held = entitlement({ seats: 1 });
  const { store, taken } = await createTakenOver(held);
  const refused = { granted: false, code: 'seats_exhausted', inGrace: false };
  expect(await activate(store, held, request(held, { vmId: vmId(3), at: taken }))).toEqual(refused);
  for (const change of [blockVm, unblockVm]) {
    await change(store, held.pool, vmId(4), { at: taken, licenceId: held.licenceId, ...WHERE });
  }
  expect(await activate(store, held, request(held, { vmId: vmId(4), at: taken }))).toEqual(refused);
});

test('the grace of an earlier licence outlives a shorter one that came after it', async () => {
  const { store } = await createStore();
  const generous = entitlement({ grace: 30 * DAY });
  await grant(store, generous, request(generous));
  const strict = entitlement({ grace: 0 });
  expect(await grant(store, strict, request(strict, { at: AT + HOUR }))).toMatchObject({ graceUntil: AT + 31 * DAY });
});

test('a store that always changes ends in an error that says to try again', async () => {
  const { store } = await createStore();
  const held = entitlement();
  const restless: SeatStore = { ...store, writeSeats: () => Promise.resolve('changed') };
  const lost = activate(restless, held, request(held), { pause: () => Promise.resolve() });
  await expect(lost).rejects.toThrow(StoreUnavailableError);
  await expect(activate(store, held, request(held), { signal: AbortSignal.abort() })).rejects.toThrow('try again');
});

/** A pool that was unlimited, in which one VM sits without being counted, and has one seat from now on. */
async function createLimited() {
  const { store } = await createStore();
  const unlimited = entitlement({ seats: 'unlimited' });
  expect(await boot(store, unlimited, 1)).toBe('granted');
  return { store, limited: entitlement({ seats: 1 }), leaseEnd: AT + DAY };
}

test.each([1, 2.5, 3, 3.9, 4.1, 60])(
  'a VM without a counted seat that comes %d minutes after its lease does not stand in its own way',
  async (minutes) => {
    const { store, limited, leaseEnd } = await createLimited();
    expect(await boot(store, limited, 1, leaseEnd + minutes * MINUTE)).toBe('granted');
  },
);

test('two VMs without a counted seat stand in each other’s way', async () => {
  const { store, limited, leaseEnd } = await createLimited();
  expect(await boot(store, entitlement({ seats: 'unlimited' }), 2)).toBe('granted');
  expect(await boot(store, limited, 1, leaseEnd + 3 * MINUTE)).toBe('seats_exhausted');
});

test('a renewal that is on its way when its lease ends by another clock keeps its uncounted seat', async () => {
  const { store, limited, leaseEnd } = await createLimited();
  let outcome: string | undefined;
  // The slow instance still renews; before its write lands, the fast one looks for a seat, as late as it can.
  const slow: SeatStore = {
    ...store,
    writeSeats: async (pool, writes) => {
      outcome = await boot(store, limited, 2, leaseEnd + 2 * CLOCK_SKEW + LATEST_WRITE);
      return store.writeSeats(pool, writes);
    },
  };
  expect(await boot(slow, limited, 1, leaseEnd + CLOCK_SKEW)).toBe('granted');
  expect(outcome).toBe('seats_exhausted');
});

test('after its signal nothing is written any more, whatever was read', async () => {
  const { store } = await createStore();
  const held = entitlement();
  const ending = new AbortController();
  const late: SeatStore = {
    ...store,
    readSeats: (...args) => {
      ending.abort();
      return store.readSeats(...args);
    },
  };
  await expect(activate(late, held, request(held), { signal: ending.signal })).rejects.toThrow(StoreUnavailableError);
  expect(await store.readActivation(held.pool, VM_ID)).toBeNull();
});
