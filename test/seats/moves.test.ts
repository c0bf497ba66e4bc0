import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import { blockKnownVm, blockVm, unblockVm } from '../../src/seats/changeActivation.ts';
import { chooseEntitlement } from '../../src/seats/moves.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { poolName } from '../../src/catalogue/seatPool.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, SUBSCRIPTION, VM_ID, vmId } from '../support/licensing.ts';

const tables = useAzurite();

const poolOf = (id: string): SeatPool => ({ kind: 'licence', id });
const [OLD, NEW, THIRD] = [poolOf('old'), poolOf('new'), poolOf('third')];
const under = (pool: SeatPool, earlierPools: readonly SeatPool[], changed: Partial<Entitlement> = {}) =>
  entitlement({ pool, earlierPools, ...changed });
const before = under(OLD, []);
const after = under(NEW, [OLD]);

async function createStore() {
  let trips = 0;
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const ask = async (held: Entitlement, changed: Partial<ActivationRequest> = {}) => {
    trips = 0;
    const outcome = await activate(store, held, request(held, changed));
    return { ...outcome, trips };
  };
  const rowIn = async (pool: SeatPool, vm = VM_ID) => (await store.readActivation(pool, vm))?.value;
  return { store, ask, rowIn };
}

/** A process that dies after so many writes: the last one lands, and its answer reaches nobody. */
function dying(store: SeatStore, writes: number): SeatStore {
  let left = writes;
  return {
    ...store,
    writeSeats: async (...args) => {
      await store.writeSeats(...args);
      left -= 1;
      if (left <= 0) throw new Error('died');
      return 'written';
    },
  };
}

test('a VM takes along what binds it, in two round trips more, once', async () => {
  const { ask, rowIn } = await createStore();
  await ask(before);
  await ask(before, { jkt: 'second-key', at: AT + HOUR });
  const moved = await ask(after, { jkt: 'second-key', at: AT + 2 * HOUR });
  expect(moved).toMatchObject({ granted: true, first: false, keyChanged: false, trips: 5 });
  const old = await rowIn(OLD);
  expect(old).toMatchObject({ movedTo: poolName(NEW), seat: { kind: 'numbered' }, leaseEnd: AT + HOUR + DAY });
  const bound = { jkt: 'second-key', keyChanges: old?.keyChanges, firstSeen: AT, movedTo: null };
  expect(await rowIn(NEW)).toMatchObject({ ...bound, seat: { kind: 'numbered', number: 0 }, overSince: null });
  expect(await ask(after, { jkt: 'second-key', at: AT + 3 * HOUR })).toMatchObject({ granted: true, trips: 2 });
  expect(await ask(after, { jkt: 'third-key', at: AT + 4 * HOUR })).toMatchObject({ code: 'key_changed' });
});

test('a challenge is good for one licence, whatever the pool', async () => {
  const { ask } = await createStore();
  const { challenge } = request(before);
  await ask(before, { challenge });
  expect(await ask(after, { challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(before, { challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(after, { at: AT + HOUR })).toMatchObject({ granted: true });
});

test('a VM that was blocked stays blocked, wherever its subscription goes, until it is unblocked', async () => {
  const { store, ask, rowIn } = await createStore();
  await ask(before);
  await blockKnownVm(store, OLD, VM_ID, { at: AT });
  expect(await ask(after, { at: AT + HOUR })).toMatchObject({ code: 'vm_blocked' });
  // Without any list of earlier pools, too.
  expect(await ask(under(NEW, []), { at: AT + HOUR })).toMatchObject({ code: 'vm_blocked' });
  expect(await ask(under(THIRD, [NEW, OLD]), { at: AT + HOUR })).toMatchObject({ code: 'vm_blocked' });
  expect(await ask(before, { at: AT + 2 * HOUR })).toMatchObject({ code: 'vm_blocked' });
  expect(await unblockVm(store, THIRD, VM_ID, { at: AT })).toMatchObject({ outcome: 'written', pool: OLD });
  expect(await rowIn(OLD)).toMatchObject({ blocked: false, movedTo: null });
  expect(await ask(before, { at: AT + 3 * HOUR })).toMatchObject({ granted: true });
  expect(await ask(after, { at: AT + 4 * HOUR })).toMatchObject({ granted: true });
});

test('a block follows a VM that has moved, and one of a VM that was expected in the new pool holds', async () => {
  const { store, ask } = await createStore();
  await ask(before);
  await ask(after, { at: AT + HOUR });
  expect(await blockKnownVm(store, OLD, VM_ID, { at: AT })).toMatchObject({ outcome: 'written', pool: NEW });
  expect(await ask(after, { at: AT + 2 * HOUR })).toMatchObject({ code: 'vm_blocked' });

  const other = { vmId: vmId(2) };
  const { challenge } = request(before);
  await ask(before, { ...other, challenge });
  const expected = { licenceId: 'new', cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, at: AT };
  await blockVm(store, NEW, vmId(2), expected);
  expect(await ask(after, { ...other, at: AT + HOUR })).toMatchObject({ code: 'vm_blocked' });
  await unblockVm(store, NEW, vmId(2), { at: AT });
  expect(await ask(after, { ...other, challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(after, { ...other, at: AT + HOUR })).toMatchObject({ granted: true, first: false });
});

test.each([1, 2])('a move whose process died after %i writes is finished by the next request', async (writes) => {
  const { store, ask, rowIn } = await createStore();
  const first = request(before);
  await activate(store, before, first);
  const lost = activate(dying(store, writes), after, request(after, { at: AT + HOUR }));
  await expect(lost).rejects.toThrow('died');
  expect(await rowIn(OLD)).toMatchObject({ movedTo: poolName(NEW) });
  expect(await ask(before, { challenge: first.challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(after, { challenge: first.challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(after, { at: AT + 2 * HOUR })).toMatchObject({ granted: true, first: false });
});

test('an instance that does not know of the move yet takes the VM back, and the other one brings it again', async () => {
  const { ask, rowIn } = await createStore();
  await ask(before);
  await ask(after, { at: AT + HOUR });
  expect(await ask(before, { at: AT + 2 * HOUR })).toMatchObject({ granted: true, trips: 4 });
  expect([await rowIn(OLD), await rowIn(NEW)]).toMatchObject([{ movedTo: null, moves: 2 }, { movedTo: poolName(OLD) }]);
  expect(await ask(after, { at: AT + 3 * HOUR })).toMatchObject({ granted: true, trips: 4 });
  expect([await rowIn(OLD), await rowIn(NEW)]).toMatchObject([
    { movedTo: poolName(NEW), seat: { number: 0 } },
    { movedTo: null, moves: 3, seat: { number: 0 } },
  ]);
});

test('a move to one pool that has not been finished is finished before one to another pool', async () => {
  const { store, ask, rowIn } = await createStore();
  const first = request(before);
  await activate(store, before, first);
  await expect(activate(dying(store, 1), after, request(after, { at: AT + HOUR }))).rejects.toThrow('died');
  const third = under(THIRD, [NEW, OLD]);
  expect(await ask(third, { challenge: first.challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(third, { at: AT + 2 * HOUR })).toMatchObject({ granted: true, first: false });
  expect([await rowIn(OLD), await rowIn(NEW)]).toMatchObject([
    { movedTo: poolName(NEW) },
    { movedTo: poolName(THIRD), seat: { kind: 'none' } },
  ]);
});

test('a VM that finds no seat in the new pool loses nothing of what binds it', async () => {
  const { ask, rowIn } = await createStore();
  const { challenge } = request(before);
  await ask(before, { challenge });
  const full = under(NEW, [OLD], { seats: 0 });
  expect(await ask(full, { at: AT + HOUR })).toMatchObject({ code: 'seats_exhausted', inGrace: true });
  expect(await rowIn(NEW)).toMatchObject({ seat: { kind: 'none' }, jkt: 'first-key', challenge });
  expect(await ask(under(NEW, []), { challenge })).toMatchObject({ code: 'challenge_replayed' });
  expect(await ask(after, { at: AT + HOUR })).toMatchObject({ granted: true, first: false });
});

test('the old seat is free when its lease has ended, not before', async () => {
  const { ask } = await createStore();
  const one = under(OLD, [], { seats: 1 });
  await ask(one);
  await ask(after, { at: AT + HOUR });
  expect(await ask(one, { vmId: vmId(2), at: AT + 2 * HOUR })).toMatchObject({ code: 'seats_exhausted' });
  expect(await ask(one, { vmId: vmId(2), at: AT + DAY + 3 * MINUTE })).toMatchObject({ granted: true });
});

test('a row of another cloud is not taken over', async () => {
  const { ask, rowIn } = await createStore();
  await ask(before);
  const elsewhere = { cloud: 'AzureUSGovernment', at: AT + HOUR };
  expect(await ask(after, elsewhere)).toMatchObject({ code: 'vm_not_allowed' });
  expect(await ask(before, elsewhere)).toMatchObject({ code: 'vm_not_allowed' });
  expect([await rowIn(OLD), await rowIn(NEW)]).toMatchObject([{ movedTo: null }, undefined]);
});

test('in the overlap of a move, a VM with a live seat stays, and any other one goes', async () => {
  const { store, ask } = await createStore();
  await ask(before);
  const choose = (entitled: Entitlement | null, staying: Entitlement | null, vm = VM_ID, at = AT + HOUR) =>
    chooseEntitlement(store, { entitlement: entitled, staying }, vm, at);
  const fresh = under(NEW, []);
  expect(await choose(fresh, null)).toBe(fresh);
  expect(await choose(fresh, before)).toBe(before);
  expect(await choose(fresh, before, vmId(2))).toEqual(after);
  expect(await choose(null, before, vmId(2))).toBeNull();
  expect(await choose(fresh, before, VM_ID, AT + DAY + 3 * MINUTE)).toEqual(after);
  await ask(after, { at: AT + HOUR });
  expect(await choose(fresh, before)).toEqual(after);
});

test('a licence of the old pool that is given back frees the seat there, and its challenge is spent', async () => {
  const { store, ask, rowIn } = await createStore();
  await ask(before);
  await ask(after, { at: AT + HOUR });
  const { challenge } = request(before, { at: AT + 2 * HOUR });
  const release = { vmId: VM_ID, jkt: 'first-key', challenge, at: AT + 2 * HOUR };
  const giveBack = (releaseId: string, earlyRelease: boolean, changed = {}) =>
    releaseSeat(store, { pool: OLD, earlyRelease }, { ...release, releaseId, ...changed });
  expect(await giveBack('other', true, { jkt: 'other-key' })).toEqual({ released: false, reason: 'other_key' });
  expect(await giveBack('one', true)).toEqual({ released: true, seatFreeAt: AT + 2 * HOUR, freed: true });
  expect([await rowIn(OLD), await rowIn(NEW)]).toMatchObject([
    { seat: { kind: 'none' } },
    { seat: { kind: 'numbered' }, challenge },
  ]);
  expect((await store.readSeats(OLD, null)).blocks).toMatchObject([{ taken: 0n }]);
  expect(await giveBack('two', true)).toEqual({ released: false, reason: 'challenge_replayed' });
  expect(await ask(after, { challenge })).toMatchObject({ code: 'challenge_replayed' });
});
