import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { holdingKeys, namingOf } from '../../src/catalogue/holding.ts';
import type { HoldingKey } from '../../src/catalogue/holding.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import { deleteLicence, writeLicence } from '../../src/catalogue/writeLicence.ts';
import type { Change } from '../../src/contract/stored.ts';
import { Died } from '../support/dyingStore.ts';
import { createLicenceRows } from '../support/memoryLicences.ts';
import { AT, licence, MINUTE, subscriptions, vmId } from '../support/licensing.ts';

/*
 * A subscription is under at most one licence for a plan, but for the overlap of a move: also where operators on two
 * instances write in the same instant, and processes die after any call of the store. The scheduler picks which call comes
 * next.
 */

type LicenceRows = Parameters<typeof writeLicence>[0];

/** The same rows, a step before each call, for a process that dies after so many of them. */
function through(rows: LicenceRows, step: () => Promise<unknown>, dies: number | null): LicenceRows {
  let calls = 0;
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    await step();
    if (dies !== null && calls >= dies) throw new Died();
    calls += 1;
    return run();
  };
  return {
    readLicence: (...args) => call(() => rows.readLicence(...args)),
    writeLicence: (...args) => call(() => rows.writeLicence(...args)),
    deleteLicence: (...args) => call(() => rows.deleteLicence(...args)),
    readHolding: (...args) => call(() => rows.readHolding(...args)),
    writeHolding: (...args) => call(() => rows.writeHolding(...args)),
  };
}

interface Write {
  readonly id: string;
  /** The subscriptions that stay; none: the licence is deleted. */
  readonly stay: readonly number[];
  readonly leave: readonly number[];
  readonly dies: number | null;
  /** Milliseconds by which its instance's clock is wrong. */
  readonly skew: number;
}

const SUBSCRIPTIONS = [1, 2];
const numbers = fc.uniqueArray(fc.constantFrom(...SUBSCRIPTIONS));
const write: fc.Arbitrary<Write> = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  stay: numbers,
  leave: numbers,
  dies: fc.option(fc.integer({ min: 0, max: 8 }), { freq: 3 }),
  skew: fc.constantFrom(-MINUTE, 0, MINUTE),
});
const phases = fc.array(
  fc.record({ wait: fc.constantFrom(1_000, 5 * MINUTE), writes: fc.array(write, { maxLength: 4 }) }),
  { minLength: 1, maxLength: 6 },
);

function valueOf({ id, stay, leave }: Write, at: number): Licence {
  const leaving = leave.filter((number) => !stay.includes(number));
  return licence({
    id,
    subscriptions: [
      ...subscriptions(...stay.map(vmId)),
      ...subscriptions(...leaving.map(vmId)).map((one) => ({ ...one, until: at + 10 * MINUTE })),
    ],
  });
}

async function execute(store: LicenceRows, asked: Write, at: number): Promise<string> {
  const change: Change = { by: asked.id, at };
  try {
    const stored = await store.readLicence(asked.id);
    if (asked.stay.length + asked.leave.length > 0) {
      return (await writeLicence(store, { value: valueOf(asked, at), stored }, change)).outcome;
    }
    return stored === null ? 'absent' : await deleteLicence(store, stored, at);
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return 'died';
  }
}

type World = ReturnType<typeof createLicenceRows>;

/** How the licences that a subscription's row names name it themselves: that is what decisions go by. */
function namingsOf({ holdings, readAll, nameOf }: World, key: HoldingKey, at: number) {
  const ids = holdings.get(nameOf(key))?.value.licences ?? [];
  return ids.map((id) => {
    const value = readAll().find((row) => row.value.id === id)?.value;
    return value === undefined ? null : namingOf(value, key, at);
  });
}

test('under any interleaving of operators’ writes and deaths, one licence at most has a subscription to stay', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), phases, async (scheduler, given) => {
      const world = createLicenceRows();
      let at = AT;
      let hasDied = false;
      const step = () => scheduler.schedule(Promise.resolve());
      for (const { wait, writes } of given) {
        at += wait;
        const running = writes.map((one) => execute(through(world.store, step, one.dies), one, at + one.skew));
        const ended = Promise.all(running);
        await scheduler.waitFor(ended);
        hasDied ||= (await ended).includes('died');
        for (const key of holdingKeys(licence({ subscriptions: subscriptions(...SUBSCRIPTIONS.map(vmId)) }))) {
          const namings = namingsOf(world, key, at);
          expect(namings.filter((naming) => naming === 'stays').length).toBeLessThanOrEqual(1);
          expect(namings.filter((naming) => naming !== null).length).toBeLessThanOrEqual(2);
          // What a process that dies between its last two calls leaves is told in docs/decisions/table-keys.md.
          if (!hasDied) expect(findLost(world, key, at)).toEqual([]);
        }
      }
      await expectFree(world, at + 20 * MINUTE);
    }),
    { numRuns: Number(process.env['INTERLEAVINGS'] ?? 500) },
  );
});

/** Licences that say that the subscription stays, and that its row does not name: a VM would not find them. */
function findLost({ holdings, readAll, nameOf }: World, key: HoldingKey, at: number): readonly string[] {
  const ids = holdings.get(nameOf(key))?.value.licences ?? [];
  const naming = readAll().filter(({ value }) => namingOf(value, key, at) === 'stays');
  return naming.map(({ value }) => value.id).filter((id) => !ids.includes(id));
}

/** Whatever was left behind, some minutes later another licence can have each subscription that none has to stay. */
async function expectFree(world: World, at: number): Promise<void> {
  for (const number of SUBSCRIPTIONS) {
    const value = licence({ id: `late-${number}`, subscriptions: subscriptions(vmId(number)) });
    const [key] = holdingKeys(value);
    if (key === undefined) throw new Error('The licence names a subscription.');
    const isHeld = namingsOf(world, key, at).includes('stays');
    const written = await writeLicence(world.store, { value, stored: null }, { by: 'late', at });
    expect(written.outcome).toBe(isHeld ? 'held' : 'written');
  }
}

test('a written licence has its subscriptions, and a deleted one gives them up with its pool remembered', async () => {
  const world = createLicenceRows();
  const change = { by: 'test', at: AT };
  const first = licence({ subscriptions: subscriptions(vmId(1), vmId(2)) });
  expect((await writeLicence(world.store, { value: first, stored: null }, change)).outcome).toBe('written');
  const second = licence({ id: 'second', subscriptions: subscriptions(vmId(2)) });
  expect(await writeLicence(world.store, { value: second, stored: null }, change)).toMatchObject({
    outcome: 'held',
    by: first.id,
    key: { subscriptionId: vmId(2) },
  });
  const stored = await world.store.readLicence(first.id);
  if (stored === null) throw new Error('The licence was written.');
  expect(await deleteLicence(world.store, stored, AT + 1_000)).toBe('deleted');
  expect(
    (await writeLicence(world.store, { value: second, stored: null }, { by: 'test', at: AT + 2_000 })).outcome,
  ).toBe('written');
  const [key] = holdingKeys(second);
  const holding = key === undefined ? null : await world.store.readHolding(key);
  expect(holding?.value).toMatchObject({ licences: ['second'], former: ['licence:fabrikam-2026'] });
});

test('a subscription moves at once, and again after the licence that it came under was deleted', async () => {
  const world = createLicenceRows();
  const key = { cloud: 'AzurePublicCloud', subscriptionId: vmId(1) };
  const write = async (id: string, until: number | null, at: number) => {
    const value = licence({ id, subscriptions: [{ ...key, until }] });
    const stored = await world.store.readLicence(id);
    return (await writeLicence(world.store, { value, stored }, { by: 'test', at })).outcome;
  };
  expect([await write('old', null, AT), await write('new', null, AT + 1)]).toEqual(['written', 'held']);
  expect([await write('old', AT + MINUTE, AT + 2), await write('new', null, AT + 3)]).toEqual(['written', 'written']);
  const stored = await world.store.readLicence('new');
  if (stored !== null) await deleteLicence(world.store, stored, AT + 4);
  expect(await write('other', null, AT + 5)).toBe('written');
});
