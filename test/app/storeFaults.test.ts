import { expect, test, vi } from 'vitest';

import { createKey, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey } from '../endToEnd/protocolClient.ts';
import { FLEET_LICENCE, readSeating, setFleetSeats } from '../support/seating.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import type { StoreFault } from '../support/storeProxy.ts';

/** Whatever the store does: 503 or a licence that is right, and afterwards the VM has one seat. */

const createScene = useScenes();

const ONCE: readonly StoreFault[] = [
  'refuse',
  'lost',
  'half',
  { status: 412, code: 'UpdateConditionNotSatisfied' },
  { status: 429, code: 'TooManyRequests' },
  { status: 500, code: 'InternalError' },
  { status: 503, code: 'ServerBusy' },
  { status: 403, code: 'AuthorizationFailure' },
  { status: 404, code: 'TableNotFound' },
];
const FOR_LONG: readonly StoreFault[] = ['refuse', 'hang', 'half', { status: 500, code: 'InternalError' }];

const FIRST_BOOT = ['GET activations(row)', 'GET activations()', 'POST $batch', 'POST decisions'];
const RENEWAL = ['GET activations(row)', 'PUT activations(row)'];

async function createWideScene(): Promise<Scene> {
  const scene = await createScene();
  await setFleetSeats(scene.store, 500);
  // Offers, licences and trust are cached from here on.
  expect((await scene.boot('fleet-0')).status).toBe(200);
  return scene;
}

/** 503 that may be tried again, or a licence bound to the key. */
function expectSafe(answer: Answer): void {
  if (answer.status === 200) return;
  expect(answer.body).toMatchObject({ status: 503, code: 'store_unavailable', retryable: true });
  expect(answer.body).not.toHaveProperty('denial');
}

interface Case {
  readonly scene: Scene;
  readonly vm: string;
  readonly key: ClientKey;
  readonly on: string;
  readonly faults: readonly StoreFault[];
}

async function bootThrough({ scene, vm, key, on, faults }: Case): Promise<void> {
  scene.proxy.fail(new RegExp(`^${on.replace(/[$()]/g, '\\$&')}$`), ...faults);
  const answer = await scene.boot(vm, { key });
  expect(scene.proxy.recover(), `${on}: the fault was met`).toBeLessThan(faults.length);
  expectSafe(answer);
  const recovered = await scene.boot(vm, { key });
  expect(recovered.status, `${on} ${JSON.stringify(faults[0])}`).toBe(200);
  if (answer.status !== 200) return;
  const claims = readPayload(String(answer.body['licence']));
  expect(readPayload(String(recovered.body['licence']))).toMatchObject({ sub: claims['sub'], cnf: claims['cnf'] });
}

/** Every seat that is taken is some VM's, and the other way round. */
async function countSeats({ store }: Scene): Promise<number> {
  const { taken, held, vms } = await readSeating(store);
  expect(taken).toEqual(held);
  expect(vms).toBe(taken.length);
  return vms;
}

test.each(FIRST_BOOT)('a first boot survives every fault of %s', async (on) => {
  const scene = await createWideScene();
  let vm = 0;
  for (const fault of ONCE) {
    vm += 1;
    await bootThrough({ scene, vm: `fleet-${vm}`, key: createKey(), on, faults: [fault] });
  }
  for (const fault of FOR_LONG) {
    vm += 1;
    const faults = new Array<StoreFault>(20).fill(fault);
    await bootThrough({ scene, vm: `fleet-${vm}`, key: createKey(), on, faults });
  }
  expect(await countSeats(scene)).toBe(vm + 1);
});

test.each(RENEWAL)('a renewal survives every fault of %s', async (on) => {
  const scene = await createWideScene();
  const key = createKey();
  // The first renewal writes the hours that it brings to the ledger too; those that follow in the same hour bring none.
  for (const what of ['boot', 'renewal']) expect((await scene.boot('fleet-1', { key })).status, what).toBe(200);
  for (const fault of ONCE) await bootThrough({ scene, vm: 'fleet-1', key, on, faults: [fault] });
  for (const fault of FOR_LONG) {
    const faults = new Array<StoreFault>(20).fill(fault);
    await bootThrough({ scene, vm: 'fleet-1', key, on, faults });
  }
  expect(await countSeats(scene)).toBe(2);
});

test.each(['GET offers()', 'GET holders()', 'GET licences(row)', 'GET trust()'])(
  '%s that fails refuses nobody for good',
  async (on) => {
    for (const fault of FOR_LONG) {
      const scene = await createScene();
      const faults = new Array<StoreFault>(20).fill(fault);
      await bootThrough({ scene, vm: 'fleet-1', key: createKey(), on, faults });
      expect(await countSeats(scene)).toBe(1);
    }
  },
);

test.each(['POST $batch', 'PUT activations(row)'])(
  '%s that lands though its answer is lost is an issue',
  async (on) => {
    const scene = await createWideScene();
    const key = createKey();
    const before = on.startsWith('PUT') ? ['boot', 'renewal'] : [];
    for (const what of before) expect((await scene.boot('fleet-1', { key })).status, what).toBe(200);
    scene.proxy.fail(new RegExp(on.replace(/[$()]/g, '\\$&')), 'lost');
    // The client of the store asks again, and meets its own write.
    expect((await scene.boot('fleet-1', { key })).status).toBe(200);
    expect(scene.proxy.recover()).toBe(0);
  },
);

test('a decision that cannot be written is an error in the log, with all that the row would have said', async () => {
  const scene = await createWideScene();
  scene.proxy.fail(/POST decisions/, ...new Array<StoreFault>(20).fill('refuse'));
  expect((await scene.boot('fleet-1')).status).toBe(200);
  const line = scene.log().find((one) => one.includes('decision_not_written')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({
    level: 'error',
    code: 'licence_issued',
    cloud: FLEET_LICENCE.cloud,
    subscriptionId: FLEET_LICENCE.subscriptionId,
    licenceId: FLEET_LICENCE.id,
  });
});

test('a refusal that could not be written is written by its next repeat', async () => {
  const scene = await createWideScene();
  const refuse = async () => String((await scene.boot('unknown-plan')).body['correlationId']);
  scene.proxy.fail(/POST decisions/, 'refuse', 'refuse', 'refuse');
  const lost = await refuse();
  expect(scene.proxy.recover()).toBe(0);
  expect(scene.log().filter((line) => line.includes('decision_not_written'))).toHaveLength(1);
  await vi.waitFor(() => {
    expect(scene.proxy.requests).toContain('DELETE once(row)');
  });
  const written = await refuse();
  expect(await scene.store.readDecision(lost)).toBeNull();
  expect(await scene.store.readDecision(written)).toMatchObject({ code: 'plan_unknown' });
});

test('a refusal whose place in the hour was taken though the answer was lost is written', async () => {
  const scene = await createWideScene();
  scene.proxy.fail(/POST once/, 'lost');
  const { body } = await scene.boot('unknown-plan');
  expect(scene.proxy.recover()).toBe(0);
  expect(await scene.store.readDecision(String(body['correlationId']))).toMatchObject({ code: 'plan_unknown' });
});

test('an operator’s request whose note was written though the answer was lost is executed', async () => {
  const scene = await createScene();
  scene.proxy.fail(/^POST requests/, 'lost');
  const body = { offer: 'contoso/once/pro', mode: 'licensed' };
  const put = () => scene.operate('PUT /offers/contoso/once/pro', { body, headers: { 'Idempotency-Key': 'one' } });
  const { status } = await put();
  expect([scene.proxy.recover(), status]).toEqual([0, 201]);
  expect((await put()).headers.get('idempotency-replayed')).toBe('true');
});
