import { expect, test } from 'vitest';
import { createRandom } from './world/world.ts';
import { ALL_EVENTS, CORE_EVENTS } from './sequences/events.ts';
import type { CampaignEvent } from './sequences/events.ts';
import { runSequence } from './sequences/runSequence.ts';
import { createBeginning } from './sequences/scene.ts';

/*
 * Whatever happens to a machine, in whatever order: after each event the client's answer, its files and its requests are
 * those of the model, and when all is well again the VM is licensed with its own key and one seat. All of it in memory and
 * in virtual time. `npm test` has every sequence of two; SEQUENCES=3 every one of three and 20,000 samples of four.
 */

const LENGTH = Number(process.env['SEQUENCES'] ?? 2);
const SAMPLES = 20_000;
/** Sequences in one test: a failing one is told with its events. */
const MAX_TOLD = 10;

const beginning = await createBeginning();

/** On a VM that was licensed or never was, by one program that goes on running or by one for each check. */
function optionsOf(seed: number) {
  return { seed, isLicensed: seed % 3 !== 0, isLongLived: seed % 2 === 0 };
}

async function runAll(sequences: Iterable<readonly CampaignEvent[]>): Promise<{ count: number; faults: string[] }> {
  const faults: string[] = [];
  let count = 0;
  for (const events of sequences) {
    count += 1;
    const fault = await runSequence(beginning, events, optionsOf(count));
    if (fault !== undefined && faults.length < MAX_TOLD) faults.push(fault);
  }
  return { count, faults };
}

function* allOf(events: readonly CampaignEvent[], length: number): Generator<readonly CampaignEvent[]> {
  if (length === 0) {
    yield [];
    return;
  }
  for (const rest of allOf(events, length - 1)) for (const event of events) yield [...rest, event];
}

function* sample(length: number, count: number): Generator<readonly CampaignEvent[]> {
  const random = createRandom(2026);
  const draw = () => ALL_EVENTS.slice(Math.floor(random() * ALL_EVENTS.length)).slice(0, 1);
  for (let index = 0; index < count; index += 1) yield Array.from({ length }, draw).flat();
}

test('after every sequence of two events, and in the middle of it, the client is where the model says', async () => {
  const { count, faults } = await runAll(allOf(CORE_EVENTS, 2));
  expect(faults).toEqual([]);
  expect(count).toBe(CORE_EVENTS.length ** 2);
});

test.skipIf(LENGTH < 3)('so it is after every sequence of three', async () => {
  const { count, faults } = await runAll(allOf(CORE_EVENTS, 3));
  expect(faults).toEqual([]);
  expect(count).toBe(CORE_EVENTS.length ** 3);
});

test.skipIf(LENGTH < 3)('and after 20,000 sequences of four, drawn at random from all events', async () => {
  const { count, faults } = await runAll(sample(4, SAMPLES));
  expect(faults).toEqual([]);
  expect(count).toBe(SAMPLES);
});
