import { expect, test } from 'vitest';
import { createAddressLimit } from '../../src/http/addressLimit.ts';
import { readClientAddress } from '../../src/http/addressLimit.ts';

/**
 * A fleet behind one address (a NAT gateway) that starts all at once, in virtual time: the limiter is the service's own,
 * the clients are modelled. A refused client waits for the larger of Retry-After and a pause of its own, which begins at
 * four seconds and doubles to thirty, times a random number between one and two; then it repeats the step that failed.
 */

const FLEET = 500;
const MINUTES_ALLOWED = 4;
const SECOND = 1000;
/** What a client asks of IMDS, and the signed key set: neither counts for the limit. */
const UNCOUNTED_REQUESTS = 3;
/** Requests of one VM, all of them. */
const MAX_REQUESTS = 8;

type Limit = (at: number) => number;

interface Vm {
  step: number;
  pause: number;
  refused: number;
  licensedAt: number;
}

interface Outcome {
  /** Seconds until the last VM had its licence. */
  readonly seconds: number;
  /** Requests of each VM, by how many it took. */
  readonly average: number;
  readonly most: number;
}

/** A generator with a seed (mulberry32), so that a run which fails can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param steps counted requests that a VM needs; @param within seconds in which all of them start */
function runFleet(limit: Limit, { steps, within, seed }: { steps: number; within: number; seed: number }): Outcome {
  const random = seeded(seed);
  const vms = Array.from({ length: FLEET }, (): Vm => ({ step: 0, pause: 4, refused: 0, licensedAt: 0 }));
  const arrivals = vms.map((vm) => ({ at: random() * within * SECOND, vm }));
  while (arrivals.length > 0) {
    arrivals.sort((left, right) => right.at - left.at);
    const { at = 0, vm } = arrivals.pop() ?? {};
    if (vm === undefined) break;
    const wait = limit(Math.round(at));
    if (wait === 0) {
      vm.step += 1;
      vm.pause = 4;
      if (vm.step === steps) vm.licensedAt = at;
      else arrivals.push({ at: at + 30 + random() * 100, vm });
    } else {
      vm.refused += 1;
      arrivals.push({ at: at + Math.max(wait, vm.pause) * (1 + random()) * SECOND, vm });
      vm.pause = Math.min(vm.pause * 2, 30);
    }
  }
  const requests = vms.map(({ refused }) => refused + steps + UNCOUNTED_REQUESTS);
  return {
    seconds: Math.max(...vms.map(({ licensedAt }) => licensedAt)) / SECOND,
    average: requests.reduce((sum, count) => sum + count, 0) / FLEET,
    most: Math.max(...requests),
  };
}

function serviceLimit(): Limit {
  const limit = createAddressLimit(20, []);
  const address = readClientAddress('203.0.113.7:443', 0);
  return (at) => limit(address, Date.UTC(2026, 10, 23) + at);
}

const SEEDS = Array.from({ length: 20 }, (_, index) => index * 7_919 + 1);

test.each([0, 10])(
  '500 VMs that start within %i seconds all have a licence within four minutes, for at most eight requests each',
  (within) => {
    for (const seed of SEEDS) {
      const { seconds, most, average } = runFleet(serviceLimit(), { steps: 2, within, seed });
      expect(seconds, `seed ${seed}`).toBeLessThan(MINUTES_ALLOWED * 60);
      expect(most, `seed ${seed}`).toBeLessThanOrEqual(MAX_REQUESTS);
      expect(average, `seed ${seed}`).toBeLessThan(7);
    }
  },
);

test('so have they with a third counted request each, for at most nine', () => {
  for (const seed of SEEDS) {
    const { seconds, most, average } = runFleet(serviceLimit(), { steps: 3, within: 0, seed });
    expect(seconds, `seed ${seed}`).toBeLessThan(MINUTES_ALLOWED * 60);
    expect(most, `seed ${seed}`).toBeLessThanOrEqual(MAX_REQUESTS + 1);
    expect(average, `seed ${seed}`).toBeLessThan(MAX_REQUESTS);
  }
});

test('that rests on the queue: told to come again in a second, many VMs need more', () => {
  const most = SEEDS.map((seed) => {
    const limit = serviceLimit();
    return runFleet((at) => Math.min(limit(at), 1), { steps: 2, within: 0, seed }).most;
  });
  expect(Math.min(...most)).toBeGreaterThan(MAX_REQUESTS);
});
