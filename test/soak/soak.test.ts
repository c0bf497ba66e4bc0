import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSoakLoad } from './soakLoad.ts';
import { growthOf, mostOf, writeSoak, wrongOf } from './soakReport.ts';
import type { Sighting } from './soakLoad.ts';
import type { Memory } from './soakReport.ts';
import { startSoakStack } from './soakStack.ts';
import type { SoakStack } from './soakStack.ts';

/**
 * Steady load on the service as it is deployed, while its store and its vault fail in turns: nobody without a right gets a
 * licence, whoever has one is refused with codes that pass alone, and only while something is wrong. `npm run full` has it
 * for two minutes; `npm run soak -- --minutes 30` for half an hour.
 */

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 0);
const PAGE = join(resolve(import.meta.dirname, '../..'), 'docs/soak.md');
const KEPT = /(?<=<!-- soak -->\n\n)[^]*?(?=\n\n<!-- end of soak -->)/;

const SECOND = 1_000;
/** Milliseconds of a fault, and of the quiet after it. */
const FAULT = 6 * SECOND;
const QUIET = 14 * SECOND;
/** Milliseconds for which what a fault broke may show after its end: retries, breakers, what is read again. */
const RECOVERY = 8 * SECOND;
/** Beyond this an instance of 512 MB has no room for the worker beside it. */
const MOST_MIB = 400;
/** Minutes of a run whose second half no longer warms up; in that it must not grow by more than this many MiB a minute. */
const LONG_RUN = 30;
const MOST_GROWTH = 0.5;

interface Fault {
  readonly name: string;
  /** The code of refusals that it explains. */
  readonly code: string;
  readonly run: (soak: SoakStack) => Promise<void>;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'store cut',
    code: 'store_unavailable',
    run: async ({ way }) => {
      way.set('cut');
      await pauseFor(FAULT);
      way.set('open');
    },
  },
  {
    name: 'vault 429',
    code: 'signing_key_unavailable',
    run: async ({ vault }) => {
      vault.fail('sign', ...Array.from({ length: 10_000 }, () => ({ status: 429, retryAfter: 1 })));
      await pauseFor(FAULT);
      vault.recover();
    },
  },
  {
    name: 'store slow',
    code: 'store_unavailable',
    run: async ({ way }) => {
      way.set('slow');
      await pauseFor(FAULT);
      way.set('open');
    },
  },
  { name: 'store restarted', code: 'store_unavailable', run: ({ restartStore }) => restartStore() },
];

/** Faults in turns until then, each followed by a quiet time. */
function scheduleFaults(soak: SoakStack) {
  let current = 'none';
  let last = { name: 'none', endedAt: 0 };
  const run = async (until: number) => {
    for (let turn = 0; Date.now() + FAULT + QUIET < until; turn += 1) {
      const fault = FAULTS[turn % FAULTS.length];
      current = fault?.name ?? 'none';
      await fault?.run(soak);
      last = { name: current, endedAt: Date.now() };
      current = 'none';
      await pauseFor(QUIET);
    }
  };
  const faultSince = (since: number) => {
    if (current !== 'none') return current;
    return since < last.endedAt + RECOVERY ? last.name : 'none';
  };
  return { run, faultSince };
}

async function watchMemory({ readResident }: SoakStack, until: number): Promise<readonly Memory[]> {
  const memory: Memory[] = [];
  while (Date.now() < until) {
    memory.push({ at: Date.now(), resident: await readResident() });
    await pauseFor(SECOND);
  }
  return memory;
}

/** Each sort of answer once. */
const tell = (sightings: readonly Sighting[]) => [
  ...new Set(sightings.map(({ fault, outcome, expected }) => `${fault}: ${outcome} instead of ${expected}`)),
];

test.skipIf(MINUTES === 0)(`${MINUTES} minutes of load and faults: no wrong answer, and memory is flat`, async () => {
  const soak = await startSoakStack();
  const faults = scheduleFaults(soak);
  const load = createSoakLoad(soak, faults.faultSince);
  await load.start();
  const until = Date.now() + MINUTES * 60 * SECOND;
  const [memory] = await Promise.all([watchMemory(soak, until), load.run(until), faults.run(until)]);
  const { sightings } = load;
  const report = writeSoak(MINUTES, sightings, memory);
  if (process.env['SOAK_WRITE'] === '1') {
    const page = readFileSync(PAGE, 'utf8');
    expect(page).toMatch(KEPT);
    writeFileSync(
      PAGE,
      page.replace(KEPT, () => report),
    );
  }
  expect(tell(wrongOf(sightings)), report).toEqual([]);
  const refused = sightings.filter(({ outcome, expected }) => outcome !== expected);
  const isExplained = ({ fault, outcome }: Sighting) =>
    FAULTS.some(({ name, code }) => name === fault && code === outcome);
  expect(tell(refused.filter((sighting) => !isExplained(sighting))), report).toEqual([]);
  expect(mostOf(memory), report).toBeLessThan(MOST_MIB);
  if (MINUTES >= LONG_RUN) expect(growthOf(memory), report).toBeLessThan(MOST_GROWTH);
});
