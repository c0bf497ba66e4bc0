import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import { freeSeat } from '../../src/seats/changeActivation.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import { UNCOUNTED_MARGIN } from '../../src/seats/lease.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { ReleaseRequest } from '../../src/seats/release.ts';
import type { SeatOptions } from '../../src/seats/seatOptions.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import type { WriteOutcome } from '../../src/contract/stored.ts';
import { AT, DAY, entitlement, HOUR, request, VM_ID, vmId } from '../support/licensing.ts';
import { createMemorySeatStore } from '../support/memorySeatStore.ts';

const held = entitlement({ seats: 1 });
const LEASE_END = AT + DAY;

const createStore = () =>
  createMemorySeatStore(
    () => Promise.resolve(),
    () => undefined,
  );

function giveBack(
  store: SeatStore,
  earlyRelease: boolean,
  changed: Partial<ReleaseRequest> = {},
  options: SeatOptions = {},
) {
  const { challenge } = request(held, { at: AT + HOUR });
  const asked = { vmId: VM_ID, jkt: 'first-key', challenge, releaseId: challenge.jti, at: AT + HOUR, ...changed };
  return releaseSeat(store, { pool: held.pool, earlyRelease }, asked, options);
}

/** Does what it is told, and answers as a store whose client has sent the same write twice. */
function losingAnswers(store: SeatStore): SeatStore {
  return {
    ...store,
    writeSeats: async (pool, writes): Promise<WriteOutcome> => {
      await store.writeSeats(pool, writes);
      return 'changed';
    },
  };
}

test.each([true, false])('a release whose answer was lost is one (early: %s)', async (early) => {
  const store = createStore();
  await activate(store, held, request(held));
  const released = await giveBack(losingAnswers(store), early);
  expect(released).toEqual({ released: true, seatFreeAt: early ? AT + HOUR : LEASE_END + CLOCK_SKEW, freed: early });
});

test.each([true, false])('two releases at once with one challenge are one (early: %s)', async (early) => {
  const store = createStore();
  await activate(store, held, request(held));
  const { challenge } = request(held, { at: AT + HOUR });
  const ask = (releaseId: string) => giveBack(store, early, { challenge, releaseId });
  const outcomes = await Promise.all([ask('one'), ask('other')]);
  expect(outcomes.filter(({ released }) => released).length).toBe(1);
  expect(outcomes).toContainEqual({ released: false, reason: 'challenge_replayed' });
});

test('a release that comes too late to its write is not carried out', async () => {
  const store = createStore();
  await activate(store, held, request(held));
  const late = new AbortController();
  const slow: SeatStore = {
    ...store,
    readActivation: async (...row) => {
      late.abort();
      return store.readActivation(...row);
    },
  };
  for (const early of [true, false]) {
    await expect(giveBack(slow, early, {}, { signal: late.signal })).rejects.toThrow(StoreUnavailableError);
  }
  expect(await giveBack(store, true)).toMatchObject({ released: true, freed: true });
});

test('an issue with the same challenge is not taken for a release', async () => {
  const store = createStore();
  await activate(store, held, request(held));
  const { challenge } = request(held, { at: AT + HOUR });
  const overtaken: SeatStore = {
    ...store,
    writeSeats: async (): Promise<WriteOutcome> => {
      await activate(store, held, request(held, { at: AT + HOUR, challenge }));
      return 'changed';
    },
  };
  const refused = { released: false, reason: 'challenge_replayed' };
  expect(await giveBack(overtaken, true, { challenge })).toEqual(refused);
});

test('a seat that is not counted is free when it is not counted any more', async () => {
  const store = createStore();
  const unlimited = entitlement({ seats: 'unlimited' });
  await activate(store, unlimited, request(unlimited));
  const released = await giveBack(store, false);
  expect(released).toEqual({ released: true, seatFreeAt: LEASE_END + UNCOUNTED_MARGIN, freed: false });
  const boot = (at: number) => activate(store, held, request(held, { vmId: vmId(2), at }));
  expect(await boot(LEASE_END + UNCOUNTED_MARGIN)).toMatchObject({ code: 'seats_exhausted' });
  expect(await boot(LEASE_END + UNCOUNTED_MARGIN + 1)).toMatchObject({ granted: true });
});

test('an operator frees a seat at once, and the VM looks for one when it renews', async () => {
  const store = createStore();
  const boot = (vm: number, at = AT) => activate(store, held, request(held, { vmId: vmId(vm), at }));
  expect(await freeSeat(store, held.pool, vmId(1), { at: AT })).toEqual({ outcome: 'absent' });
  await boot(1);
  const isRightVersion = () => false;
  expect(await freeSeat(store, held.pool, vmId(1), { at: AT, isRightVersion })).toEqual({ outcome: 'changed' });
  const freed = { outcome: 'written', activation: { seat: { kind: 'none' }, keyUntil: AT + DAY }, pool: held.pool };
  expect(await freeSeat(store, held.pool, vmId(1), { at: AT })).toMatchObject(freed);
  // Again, whatever the version: there is nothing left to free.
  expect(await freeSeat(store, held.pool, vmId(1), { at: AT, isRightVersion })).toMatchObject(freed);
  expect(await boot(2)).toMatchObject({ granted: true, activation: { seat: { number: 0 } } });
  expect(await boot(1, AT + HOUR)).toMatchObject({ code: 'seats_exhausted' });
});

test('a renewal that comes in between keeps its seat from being freed twice', async () => {
  const store = createStore();
  await activate(store, held, request(held));
  let renewals = 0;
  const overtaken: SeatStore = {
    ...store,
    writeSeats: async (...args) => {
      renewals += 1;
      if (renewals === 1) await activate(store, held, request(held, { at: AT + HOUR }));
      return store.writeSeats(...args);
    },
  };
  expect(await freeSeat(overtaken, held.pool, VM_ID, { at: AT })).toMatchObject({
    activation: { lastSeen: AT + HOUR },
  });
  expect((await store.readSeats(held.pool, null)).blocks).toMatchObject([{ taken: 0n }]);
});
