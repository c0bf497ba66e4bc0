import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import { readPoolUsage } from '../../src/seats/poolUsage.ts';
import { createSeatGate } from '../../src/seats/seatGate.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { AT, entitlement, request, vmId } from '../support/licensing.ts';
import { readSeating } from '../support/seating.ts';

/** First boots of many subscriptions at once on one licence. `npm run check` lets 2,000 boot. */

const tables = useAzurite();

const BOOTS = Number(process.env['STORM_BOOTS'] ?? 500);
const [SEATS, OVERAGE, SUBSCRIPTIONS] = [100, 10, 20];

const subscription = (vm: number) => vmId(10_000 + (vm % SUBSCRIPTIONS));

test(`${BOOTS} first boots at once from ${SUBSCRIPTIONS} subscriptions give exactly the seats and the overage`, async () => {
  const { connectionString, tablePrefix } = tables();
  const options = { connection: { connectionString }, tablePrefix, budget: 60_000 };
  const instances = [1, 2].map(() => ({ store: createTablesStore(options), gate: createSeatGate() }));
  const [first, second] = instances;
  if (first === undefined || second === undefined) throw new Error('There are two instances.');
  await first.store.ensureTables();
  const held = entitlement({ seats: SEATS, overage: OVERAGE });
  const boot = async (vm: number): Promise<string> => {
    const { store, gate } = vm % 2 === 0 ? first : second;
    const asked = request(held, { vmId: vmId(vm), subscriptionId: subscription(vm) });
    let signed = 'nothing';
    const prepare = (_: unknown, over: boolean) => {
      signed = over ? 'over' : 'licensed';
      return Promise.resolve();
    };
    const outcome = await activate(store, held, asked, { gate, prepare });
    return outcome.granted ? signed : outcome.code;
  };
  const words = await Promise.all(Array.from({ length: BOOTS }, (_, vm) => boot(vm)));
  const count = (word: string) => words.filter((one) => one === word).length;
  expect([count('licensed'), count('over')]).toEqual([SEATS, OVERAGE]);
  expect(count('seats_exhausted')).toBe(BOOTS - SEATS - OVERAGE);
  const counted = { taken: SEATS + OVERAGE, over: OVERAGE, overSince: AT, lastSeen: AT };
  const usage = { seats: SEATS, overage: OVERAGE, ...counted };
  expect(await readPoolUsage(first.store, held.pool, held, AT)).toEqual(usage);
  const { taken, held: numbers } = await readSeating(first.store, held.pool);
  expect(numbers).toEqual(taken);
  expect(numbers).toEqual(Array.from({ length: SEATS + OVERAGE }, (_, seat) => seat));
});
