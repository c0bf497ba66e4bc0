import { expect, test } from 'vitest';
import type { LicenceClient } from '../../src/client/index.ts';
import { World } from '../client/campaign/world/world.ts';

/*
 * A fleet that watches its licences for days, in virtual time: calm, an outage of a day, and the return of the service.
 * Rates are those of 10,000 VMs, averaged over ten minutes; a smaller fleet is scaled up. `npm run full` has them all.
 */

const FLEET = Number(process.env['FLEET_VMS'] ?? 200);
const SCALE = 10_000 / FLEET;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLICE = 10 * MINUTE;

/** What the service may get of 10,000 VMs, a second. */
const TARGETS = { renewals: 10, whileAway: 15, onReturn: 40 };

interface Watched {
  readonly world: World;
  /** States that are neither `licensed` nor `grace`, with the time. */
  readonly stops: string[];
}

async function watch(client: LicenceClient, { world, stops }: Watched): Promise<void> {
  for await (const { state, code } of client.watch()) {
    if (state !== 'licensed' && state !== 'grace')
      stops.push(`${new Date(world.time.now).toISOString()} ${state} ${code}`);
  }
}

/** The highest average of ten minutes between two times: requests a second of 10,000 VMs. */
function peakRate({ world }: Watched, from: number, to: number, isCounted: (path: string) => boolean): number {
  const slices = new Map<number, number>();
  for (const { at, path } of world.network.requests) {
    if (at < from || at >= to || !isCounted(path)) continue;
    const slice = Math.floor((at - from) / SLICE);
    slices.set(slice, (slices.get(slice) ?? 0) + 1);
  }
  return (Math.max(0, ...slices.values()) / (SLICE / 1000)) * SCALE;
}

const isRenewal = (path: string) => path === '/v1/licences';
const isAny = () => true;

test('a fleet renews calmly, waits out a day without the service, and comes back without a rush', async () => {
  const world = new World({ seed: 7 });
  const watched: Watched = { world, stops: [] };
  for (let index = 0; index < FLEET; index += 1) {
    const machine = world.createMachine(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
    void watch(machine.start().createClient(), watched);
  }
  await world.time.pass(HOUR);
  const calm = world.time.now;
  await world.time.pass(35 * HOUR);
  const away = world.time.now;
  world.network.condition = 'refused';
  await world.time.pass(24 * HOUR);
  const back = world.time.now;
  world.network.condition = 'well';
  await world.time.pass(3 * HOUR);
  expect(watched.stops).toEqual([]);
  expect(world.service.activations.size).toBe(FLEET);
  expect(peakRate(watched, calm, away, isRenewal)).toBeLessThanOrEqual(TARGETS.renewals);
  expect(peakRate(watched, away + HOUR, back, isAny)).toBeLessThanOrEqual(TARGETS.whileAway);
  expect(peakRate(watched, back, world.time.now, isAny)).toBeLessThanOrEqual(TARGETS.onReturn);
});
