import { expect, test } from 'vitest';

import type { Activation } from '../../src/seats/activation.ts';
import { BLOCK_SIZE } from '../../src/seats/seatBlocks.ts';
import type { SeatWrite } from '../../src/seats/store.ts';
import { createKey } from '../endToEnd/protocolClient.ts';
import { FLEET_LICENCE, FLEET_POOL, setFleetSeats } from '../support/seating.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** Round trips to the store, counted in the log of what the store was asked. Offers, licences and trust are cached. */

const createScene = useScenes();

test('a challenge costs no round trip, a first boot four, a renewal two', async () => {
  const scene = await createScene();
  await scene.boot('fleet-1');
  scene.proxy.requests.length = 0;
  const key = createKey();
  expect((await scene.boot('fleet-2', { key })).status).toBe(200);
  expect(scene.proxy.requests).toEqual(['GET activations(row)', 'GET activations()', 'POST $batch', 'POST decisions']);
  scene.proxy.requests.length = 0;
  expect((await scene.boot('fleet-2', { key })).status).toBe(200);
  // The hour that is over counts: its row is written together with the VM's own. An hour that has its row needs no other.
  expect(scene.proxy.requests).toEqual(['GET activations(row)', 'POST $batch']);
  scene.proxy.requests.length = 0;
  expect((await scene.boot('fleet-2', { key })).status).toBe(200);
  expect(scene.proxy.requests).toEqual(['GET activations(row)', 'PUT activations(row)']);
});

test('a refusal costs two round trips, and so does its repeat, which answers the same correlation id', async () => {
  const scene = await createScene();
  await scene.boot('fleet-1');
  const refuse = async (vm: string) => {
    scene.proxy.requests.length = 0;
    const { status, body } = await scene.boot(vm);
    expect([status, body['code']]).toEqual([403, 'plan_unknown']);
    return { requests: [...scene.proxy.requests], id: String(body['correlationId']) };
  };
  const first = await refuse('unknown-plan');
  expect(first.requests).toEqual(['POST once', 'POST decisions']);
  expect(await refuse('unknown-plan')).toEqual({ requests: ['POST once', 'GET once(row)'], id: first.id });
  expect(await scene.store.readDecision(first.id)).toMatchObject({ code: 'plan_unknown', offer: null });
});

test('what is not authentic costs no round trip', async () => {
  const scene = await createScene();
  await scene.boot('fleet-1');
  scene.proxy.requests.length = 0;
  for (const vm of ['altered-content', 'too-old', 'two-signers']) {
    expect((await scene.boot(vm)).status).toBe(422);
  }
  expect(scene.proxy.requests).toEqual([]);
});

const SEATS = 10_000;
const FREE = 100;

/** A VM that has a seat. */
function seated(number: number, leaseEnd: number): Activation {
  const vmId = `22222222-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
  const times = { keyUntil: leaseEnd, leaseEnd, graceUntil: leaseEnd, firstSeen: 1, lastSeen: 1 };
  const challenge = { ms: 1, jti: 'AAAAAAAAAAAAAAAAAAAAAA' };
  const facts = { licenceId: 'http-storm', licenceJti: 'x', region: null, sku: 'fleet', client: null, label: null };
  return {
    vmId,
    ...{ cloud: 'emulator', subscriptionId: FLEET_LICENCE.subscriptionId, offer: 'contoso/gateway/fleet' },
    ...{ issuedAt: 0, expiresAt: 0, counted: null, overSince: null, movedTo: null, moves: 0 },
    seat: { kind: 'numbered', number },
    jkt: null,
    keyChanges: [],
    challenge,
    blocked: false,
    ...times,
    ...facts,
  };
}

/** A licence of 10,000 seats, of which all are taken but every hundredth; the last thousand by VMs that are long gone. */
async function fillPool({ store }: Scene): Promise<void> {
  await setFleetSeats(store, SEATS);
  for (let start = 0; start < SEATS; start += BLOCK_SIZE) {
    const numbers = Array.from({ length: Math.min(BLOCK_SIZE, SEATS - start) }, (_, offset) => start + offset);
    const taken = numbers.filter((number) => number % (SEATS / FREE) !== 0);
    const bits = taken.reduce((sum, number) => sum | (1n << BigInt(number - start)), 0n);
    const writes = taken.map((number): SeatWrite => {
      const leaseEnd = number < SEATS - 1_000 ? Date.now() + 86_400_000 : 1;
      return { row: 'activation', activation: seated(number, leaseEnd), version: null };
    });
    await store.writeSeats(FLEET_POOL, [
      { row: 'block', index: start / BLOCK_SIZE, taken: bits, version: null },
      ...writes,
    ]);
  }
}

test('with 10,000 seats, 99 % of them taken, it costs no more, and little more when all are', async () => {
  const scene = await createScene();
  await fillPool(scene);
  const requests = async (vm: string, key = createKey()) => {
    scene.proxy.requests.length = 0;
    expect((await scene.boot(vm, { key })).status).toBe(200);
    return [...scene.proxy.requests];
  };
  const key = createKey();
  await requests('fleet-0', key);
  for (let vm = 1; vm < FREE; vm += 1) expect((await requests(`fleet-${vm}`)).length).toBe(4);
  expect(await requests('fleet-0', key)).toEqual(['GET activations(row)', 'POST $batch']);
  // Nothing is free any more, and a seat of somebody who is long gone is found by a query.
  for (let vm = FREE; vm < FREE + 10; vm += 1) {
    expect(await requests(`fleet-${vm}`)).toEqual([
      'GET activations(row)',
      'GET activations()',
      'GET activations()',
      'POST $batch',
      'POST decisions',
    ]);
  }
});
