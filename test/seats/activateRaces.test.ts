import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import { createSeatGate } from '../../src/seats/seatGate.ts';
import type { SeatGate } from '../../src/seats/seatGate.ts';
import type { SeatOptions } from '../../src/seats/seatOptions.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { AT, DAY, entitlement, HOUR, request, VM_ID, vmId } from '../support/licensing.ts';

const tables = useAzurite();
const AT_ONCE: SeatOptions = { random: () => 0, pause: () => Promise.resolve() };

/** Two clients of one store, as two instances of the service have them, and how many requests they made. */
async function createStores() {
  let trips = 0;
  const { connectionString, tablePrefix } = tables();
  const options = { connection: { connectionString }, tablePrefix, budget: 60_000, onRoundTrip: () => (trips += 1) };
  const [left, right] = [createTablesStore(options), createTablesStore(options)];
  await left.ensureTables();
  // Each instance has a gate of its own.
  const gates = new Map<SeatStore, SeatGate>([left, right].map((store) => [store, createSeatGate()]));
  return {
    left,
    right,
    trips: () => trips,
    gateOf: (store: SeatStore) => ({ gate: gates.get(store) ?? createSeatGate() }),
  };
}

async function boot(store: SeatStore, held: Entitlement, vm: number, at = AT, options: SeatOptions = {}) {
  const outcome = await activate(store, held, request(held, { vmId: vmId(vm), at }), options);
  return outcome.granted ? 'granted' : outcome.code;
}

function tally(outcomes: readonly PromiseSettledResult<string>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const name = outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** A store in which `rival` comes in between, once, before the first write. */
function interrupted(store: LicenceStore, rival: () => Promise<unknown>): SeatStore {
  let isDone = false;
  return {
    ...store,
    writeSeats: async (pool, writes) => {
      if (!isDone) {
        isDone = true;
        await rival();
      }
      return store.writeSeats(pool, writes);
    },
  };
}

test('500 first boots at once on 20 seats, on two instances, give exactly 20', async () => {
  const { left, right, gateOf } = await createStores();
  const held = entitlement({ seats: 20 });
  const boots = Array.from({ length: 500 }, (_, vm) => {
    const store = vm % 2 === 0 ? left : right;
    return boot(store, held, vm, AT, gateOf(store));
  });
  expect(tally(await Promise.allSettled(boots))).toEqual({ granted: 20, seats_exhausted: 480 });
  const { blocks } = await left.readSeats(held.pool, null);
  expect(blocks).toMatchObject([{ index: 0, taken: (1n << 20n) - 1n }]);
});

test('300 first boots at once on 300 seats all get one of their own', async () => {
  const { left, right, gateOf } = await createStores();
  const held = entitlement({ seats: 300 });
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, vm) => {
      const store = vm % 2 === 0 ? left : right;
      return activate(store, held, request(held, { vmId: vmId(vm) }), gateOf(store));
    }),
  );
  const seats = outcomes.map((outcome) => (outcome.granted ? outcome.activation.seat : outcome.code));
  expect(new Set(seats.map((seat) => JSON.stringify(seat))).size).toBe(300);
  expect(seats.every((seat) => typeof seat === 'object' && seat.kind === 'numbered')).toBe(true);
});

test('60 VMs that come for 5 seats whose leases have ended get exactly 5', async () => {
  const { left, right } = await createStores();
  const held = entitlement({ seats: 5 });
  for (let vm = 1; vm <= 5; vm += 1) await boot(left, held, vm);
  const boots = Array.from({ length: 60 }, (_, vm) => boot(vm % 2 === 0 ? left : right, held, 100 + vm, AT + 2 * DAY));
  expect(tally(await Promise.allSettled(boots))).toEqual({ granted: 5, seats_exhausted: 55 });
});

test('60 VMs of one seat block that give their seats back at once all do, on two instances', async () => {
  const { left, right, gateOf } = await createStores();
  const held = entitlement({ seats: 64 });
  for (let vm = 0; vm < 60; vm += 1) await boot(left, held, vm);
  const releases = Array.from({ length: 60 }, async (_, vm) => {
    const store = vm % 2 === 0 ? left : right;
    const { challenge } = request(held, { vmId: vmId(vm), at: AT + HOUR });
    const asked = { vmId: vmId(vm), jkt: 'first-key', challenge, releaseId: `release ${vm}`, at: AT + HOUR };
    const terms = { found: true, pool: held.pool, earlyRelease: true } as const;
    const outcome = await releaseSeat(store, terms, asked, gateOf(store));
    return outcome.released ? `freed: ${outcome.freed}` : outcome.reason;
  });
  expect(tally(await Promise.allSettled(releases))).toEqual({ 'freed: true': 60 });
  expect((await left.readSeats(held.pool, null)).blocks).toMatchObject([{ taken: 0n }]);
});

test('one VM that asks twenty times at once takes one seat', async () => {
  const { left, right } = await createStores();
  const held = entitlement({ seats: 20 });
  const boots = Array.from({ length: 20 }, (_, number) => boot(number % 2 === 0 ? left : right, held, 1));
  const counts = tally(await Promise.allSettled(boots));
  // Of challenges as old as each other the one with the greatest jti is the newest: older ones may come too late.
  expect((counts['granted'] ?? 0) + (counts['challenge_replayed'] ?? 0)).toBe(20);
  expect(counts['granted']).toBeGreaterThan(0);
  expect((await left.readSeats(held.pool, null)).blocks).toMatchObject([{ taken: 1n }]);
});

test('one challenge sent ten times at once is honoured once', async () => {
  const { left, right } = await createStores();
  const held = entitlement();
  const asked = request(held);
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, number) =>
      activate(number % 2 === 0 ? left : right, held, { ...asked, licenceJti: `licence-of-${number}` }),
    ),
  );
  expect(outcomes.filter((outcome) => outcome.granted)).toHaveLength(1);
});

test('a lost race for a block costs two round trips more', async () => {
  const { left, right, trips } = await createStores();
  const held = entitlement({ seats: 3 });
  await boot(left, held, 3);
  const before = trips();
  const raced = interrupted(left, () => boot(right, held, 2, AT, AT_ONCE));
  expect(await boot(raced, held, 1, AT, AT_ONCE)).toBe('granted');
  // Three each, and two for the second attempt, which does not read the VM's own row again.
  expect(trips() - before).toBe(3 + 3 + 2);
});

test('another process of the same VM that was first is found, and its seat is kept', async () => {
  const { left, right } = await createStores();
  const held = entitlement({ seats: 1 });
  const earlier = request(held, { at: AT });
  const raced = interrupted(left, () => activate(right, held, earlier, AT_ONCE));
  const outcome = await activate(raced, held, request(held, { at: AT + 1 }), AT_ONCE);
  expect(outcome).toMatchObject({ granted: true, first: false, activation: { seat: { number: 0 }, firstSeen: AT } });
});

test('a newer challenge that was honoured meanwhile makes the older one a replay', async () => {
  const { left, right } = await createStores();
  const held = entitlement();
  await boot(left, held, 1);
  const newer = request(held, { at: AT + 2 * HOUR });
  const raced = interrupted(left, () => activate(right, held, newer, AT_ONCE));
  const outcome = await activate(raced, held, request(held, { at: AT + HOUR }), AT_ONCE);
  expect(outcome).toEqual({ granted: false, code: 'challenge_replayed', inGrace: true });
});

test('a VM that renews in the last moment keeps its seat from the one that came for it', async () => {
  const { left, right } = await createStores();
  const held = entitlement({ seats: 1 });
  await boot(left, held, 1);
  const late = AT + DAY + 3 * 60_000;
  const raced = interrupted(left, () => activate(right, held, request(held, { at: late }), AT_ONCE));
  expect(await boot(raced, held, 2, late, AT_ONCE)).toBe('seats_exhausted');
  expect((await left.readActivation(held.pool, VM_ID))?.value.leaseEnd).toBe(late + DAY);
});

test('a renewal that was overtaken reads its row again', async () => {
  const { left } = await createStores();
  const held = entitlement({ seats: 'unlimited' });
  await boot(left, held, 1);
  let reads = 0;
  const outdated: SeatStore = {
    ...left,
    readActivation: async (pool, vm) => {
      reads += 1;
      const row = await left.readActivation(pool, vm);
      // The first answer has a version of the past.
      return row !== null && reads === 1
        ? { ...row, version: 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"' }
        : row;
    },
  };
  expect(await boot(outdated, held, 1, AT + HOUR, AT_ONCE)).toBe('granted');
  expect(reads).toBe(2);
});
