import { randomBytes } from 'node:crypto';

import fc from '../support/properties.ts';
import { test } from 'vitest';

import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { createMemorySeatStore } from '../support/memorySeatStore.ts';
import { histories, History } from '../support/seatHistory.ts';

/*
 * In memory the scheduler picks which store call comes next, so that interleavings are searched that no real store can be
 * made to produce at will; against Azurite the calls truly run at the same time. `npm run full` runs 2,000 of the latter.
 */

const tables = useAzurite();

const IN_MEMORY = Number(process.env['MEMORY_HISTORIES'] ?? 2_000);
const IN_AZURITE = Number(process.env['HISTORIES'] ?? 40);

test('in memory, no history gives out more than there is, and none loses a seat', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), histories, async (scheduler, phases) => {
      const store = createMemorySeatStore(
        () => scheduler.schedule(Promise.resolve()),
        () => undefined,
      );
      const settle = (running: Promise<unknown>) => scheduler.waitFor(running);
      await new History({ stores: [store, store], settle }).run(phases);
    }),
    { numRuns: IN_MEMORY },
  );
});

test('in a real store, no history gives out more than there is, and none loses a seat', async () => {
  const { connectionString } = tables();
  await fc.assert(
    fc.asyncProperty(histories, async (phases) => {
      const tablePrefix = `h${randomBytes(6).toString('hex')}`;
      const create = () => createTablesStore({ connection: { connectionString }, tablePrefix, budget: 60_000 });
      const stores = [create(), create()] as const;
      await stores[0].ensureTables();
      await new History({ stores, settle: (running) => running }).run(phases);
    }),
    { numRuns: IN_AZURITE },
  );
});
