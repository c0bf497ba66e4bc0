import { randomBytes } from 'node:crypto';

import fc from '../../support/properties.ts';
import { test } from 'vitest';

import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { createMemoryWriterStore } from '../../support/memoryWriterStore.ts';
import { WriterHistory, writerPhases } from '../../support/writerHistory.ts';

/*
 * Ids, names and aliases are unique, and nothing stands under an offer that is deleted, also where operators write through
 * two instances in the same instant, and processes die after any call of the store. The scheduler picks which call comes
 * next. `npm run full` runs 2,000 of these against Azurite.
 */

const tables = useAzurite();

const IN_MEMORY = Number(process.env['MEMORY_HISTORIES'] ?? 2_000);
const IN_AZURITE = Number(process.env['WRITER_HISTORIES'] ?? 200);

test('in memory, no id, name or alias is there twice, and nothing without its offer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), writerPhases, async (scheduler, phases) => {
      const store = createMemoryWriterStore();
      await new WriterHistory({ stores: [store, store], scheduler, prefix: 'p' }).run(phases);
    }),
    { numRuns: IN_MEMORY },
  );
});

test('in a real store, no id, name or alias is there twice, and nothing without its offer', async () => {
  const { connectionString, tablePrefix } = tables();
  const create = () => createTablesStore({ connection: { connectionString }, tablePrefix, budget: 60_000 });
  const stores = [create(), create()] as const;
  // One set of tables, in which each history has names of its own: a table more is slow for Azurite.
  await stores[0].ensureTables();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), writerPhases, async (scheduler, phases) => {
      await new WriterHistory({ stores, scheduler, prefix: `p${randomBytes(4).toString('hex')}` }).run(phases);
    }),
    { numRuns: IN_AZURITE },
  );
});
