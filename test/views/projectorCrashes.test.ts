import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { addCounts, hourOf, issuerKey } from '../../src/views/countDecisions.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { projectStatistics } from '../../src/views/projectStatistics.ts';
import { readStatistics } from '../../src/views/readStatistics.ts';
import type { StatisticsReader } from '../../src/views/readStatistics.ts';
import { useAzurite } from '../support/azurite.ts';
import { decision, decisions } from '../support/decisions.ts';
import { Died, dying } from '../support/dyingStore.ts';
import { AT, DAY, HOUR } from '../support/licensing.ts';
import { createMemoryStatistics } from '../support/memoryStatistics.ts';

const tables = useAzurite();
const LATER = AT + 3 * DAY;
const ALL = { from: hourOf(AT - 2 * DAY), until: hourOf(AT + 4 * DAY) };

async function readTotals(store: StatisticsReader, now = LATER) {
  const { hours } = await readStatistics(store, ALL, now);
  return addCounts([...hours.values()]);
}

/** VMs count once an hour under each code and cloud. */
function countRows(log: Parameters<typeof createMemoryStatistics>[0]): number {
  return new Set(log.map(({ at, code, cloud, offer, vmId }) => [hourOf(at), code, cloud, offer, vmId].join())).size;
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, count) => total + count, 0);

/** @returns whether it died */
async function dies(run: Promise<unknown>): Promise<boolean> {
  try {
    await run;
    return false;
  } catch (error) {
    if (error instanceof Died) return true;
    throw error;
  }
}

/** One after another, so that the later ones find what the earlier ones folded. */
const CLOCKS = [AT - DAY + LAG, AT + LAG + 5, AT + 12 * HOUR, LATER];

test('a projector that dies at any of its calls, in any of its runs, leaves statistics as the rows are', async () => {
  await fc.assert(
    fc.asyncProperty(decisions(40), fc.nat(CLOCKS.length - 1), async (log, turn) => {
      const expected = countRows(log);
      for (let calls = 1, isOver = false; !isOver; calls += 1) {
        const store = createMemoryStatistics(log);
        for (const now of CLOCKS.slice(0, turn)) await projectStatistics({ store, now: () => now });
        const now = () => CLOCKS[turn] ?? LATER;
        isOver = !(await dies(projectStatistics({ store: dying(store, calls), now })));
        expect(sum((await readTotals(store)).decisions)).toBe(expected);
        for (const next of CLOCKS.slice(turn)) await projectStatistics({ store, now: () => next });
        expect(sum((await readTotals(store)).decisions)).toBe(expected);
      }
    }),
    { numRuns: 40 },
  );
});

type Step =
  | { readonly does: 'issue'; readonly instance: number; readonly hour: number }
  | { readonly does: 'write' | 'die'; readonly instance: number }
  | { readonly does: 'project'; readonly calls: number | null; readonly hour: number };

const instance = fc.nat(1);
const hour = fc.nat(6);
const does = <D extends Step['does']>(what: D) => fc.constant(what);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: does('issue'), instance, hour }) },
    { weight: 2, arbitrary: fc.record({ does: does('write'), instance }) },
    { weight: 1, arbitrary: fc.record({ does: does('die'), instance }) },
    {
      weight: 3,
      arbitrary: fc.record({ does: does('project'), calls: fc.option(fc.integer({ min: 1, max: 8 })), hour }),
    },
  ),
  { minLength: 10, maxLength: 25 },
);

test('of issues by CA nothing is lost but what an instance that ended had counted since its last minute', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const { connectionString, tablePrefix } = tables();
      const open = () => createTablesStore({ connection: { connectionString }, tablePrefix });
      const [store, instances, waiting] = [open(), [open(), open()], [0, 0]];
      await store.ensureTables();
      await store.insertDecision(decision({ at: AT }));
      let written = 0;
      for (const step of history) {
        if (step.does === 'project') {
          const now = () => AT + step.hour * HOUR + LAG;
          await dies(projectStatistics({ store: dying(store, step.calls), now }));
        } else if (step.does === 'issue') {
          const at = AT + step.hour * HOUR;
          instances[step.instance]?.countIssue({ cloud: 'AzurePublicCloud', issuer: 'Contoso CA 01', at });
          waiting[step.instance] = (waiting[step.instance] ?? 0) + 1;
        } else {
          if (step.does === 'die') instances[step.instance] = open();
          else {
            await instances[step.instance]?.writeIssues();
            written += waiting[step.instance] ?? 0;
          }
          waiting[step.instance] = 0;
        }
        const { issues } = await readTotals(store, AT);
        expect(issues.get(issuerKey('AzurePublicCloud', 'Contoso CA 01')) ?? 0).toBe(written);
      }
      await projectStatistics({ store, now: () => LATER });
      expect(sum((await readTotals(store)).issues)).toBe(written);
    }),
    { numRuns: 12 },
  );
}, 60_000);
