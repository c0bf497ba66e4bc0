import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { projectViews } from '../../src/app/projectViews.ts';
import { claimIdOf } from '../../src/catalogue/claimCode.ts';
import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../src/client/index.ts';
import type { Answer, ClientOptions, LicenceClient } from '../../src/client/index.ts';
import { createKey, readPayload, send } from '../endToEnd/protocolClient.ts';
import type { ClientKey } from '../endToEnd/protocolClient.ts';
import { readBackup, restoreBackup } from '../support/backups.ts';
import { emptyStore } from '../support/emptyStore.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** The drill of docs/operations.md: a store that was lost, its backup restored, and a fleet that does not notice. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const OFFER = 'contoso/gateway/standard';
const CUSTOMER = 'aaaaaaaa-0000-4000-8000-000000000001';
const CATALOGUE = JSON.stringify({
  offers: [
    { offer: OFFER, mode: 'licensed', trial: { days: 30, seats: 5 } },
    { offer: 'contoso/gateway/fleet', mode: 'licensed', lifetime: 'PT12H', grace: 'P3D' },
  ],
  licences: [
    { id: 'customer', cloud: 'emulator', subscription: CUSTOMER, offer: OFFER, seats: 20 },
    { id: 'fleet', cloud: 'emulator', subscriptions: '*', offer: 'contoso/gateway/fleet', seats: 3 },
  ],
});
const CODE = 'K7D2X-9QF3M-T4B8W-ZR6HN-J5PV1-C';
const DISTRUSTED = 'ab'.repeat(32);

function createClient({ urls, imdsUrl, now }: Scene, vm: string, more: Partial<ClientOptions> = {}): LicenceClient {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-drill-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return createLicenceClient({
    ...{ issuer: urls[0], product: 'contoso/gateway', folder, once: true, imdsUrl: `${imdsUrl}/vms/${vm}` },
    adapters: { clocks: { ...REAL_ADAPTERS.clocks, now } },
    ...more,
  });
}

const statesOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ state, code }) => `${state} ${code}`))];

async function blockVm(scene: Scene, vm: string, key: ClientKey): Promise<void> {
  const { body } = await scene.boot(vm, { key });
  const vmId = String(readPayload(String(body['licence']))['sub']).slice('urn:azure:vm:'.length);
  expect((await scene.operate('POST /blocks', { body: { licence: 'fleet', vmId } })).status).toBe(200);
}

/** A fleet with licences, a trial, a code that is used, a block and a distrust. */
async function liveAndBackUp(scene: Scene) {
  const fleet = ['fleet-1', 'fleet-2', 'licensed'].map((vm) => createClient(scene, vm));
  const check = () => Promise.all(fleet.map((client) => client.check({ renew: true })));
  expect(statesOf(await check())).toEqual(['licensed undefined']);
  const trial = createClient(scene, 'stranger');
  expect((await trial.check()).licence?.trialEndsAt).toBeDefined();
  await scene.store.writeClaim(
    {
      ...{ id: claimIdOf(CODE) ?? '', licenceId: 'customer', uses: 1, used: [], until: null, note: '' },
      ...{ createdBy: 'test', createdAt: scene.now() },
    },
    null,
  );
  expect(await createClient(scene, 'claiming').check()).toMatchObject({
    state: 'licensed',
    licence: { id: 'customer' },
  });
  const blocked = createKey();
  await blockVm(scene, 'fleet-3', blocked);
  await scene.operate('POST /trust/distrusts', { as: 'Admin', body: { sha256: DISTRUSTED, note: '' } });
  ahead = HOUR;
  const backup = await readBackup(scene);
  return { backup, check, trial, blocked };
}

test('a store is emptied and restored: no client loses its licence, and nothing that was forbidden is allowed', async () => {
  const scene = await createScene({ catalogue: CATALOGUE });
  const { backup, check, trial, blocked } = await liveAndBackUp(scene);
  await emptyStore(scene);
  const project = () => projectViews({ store: scene.store, now: scene.now }, () => undefined);
  await project();
  ahead = 13 * HOUR;
  // As those of a customer who comes at the wrong time: nobody's grace is ended by what is not there.
  expect(statesOf(await check())).toEqual(expect.arrayContaining(['licensed plan_unknown']));
  const restored = await restoreBackup(scene, backup);
  expect(restored.body).toMatchObject({ done: true });
  await project();
  expect((await scene.operate('GET /licences')).body['items']).toHaveLength(2);
  ahead += MINUTE;
  expect(statesOf(await check())).toEqual(['licensed undefined']);

  // Who was blocked and what is distrusted.
  const refused = await scene.boot('fleet-3', { key: blocked });
  expect(refused.body).toMatchObject({ status: 403, code: 'vm_blocked' });
  expect(refused.body).not.toHaveProperty('denial');
  const { body: trust } = await scene.operate('GET /trust');
  expect(trust['distrusts']).toMatchObject([{ sha256: DISTRUSTED }]);
  const { text: ready } = await send(`${scene.urls[0]}/readyz`);
  expect(JSON.parse(ready)).toMatchObject({ state: 'degraded', probes: { store: { state: 'degraded' } } });

  // Seats: another VM takes the third, the one after it has none. Neither is denied before the operator's word.
  expect((await scene.boot('fleet-4')).status).toBe(200);
  const full = await scene.boot('fleet-5');
  expect(full.body).toMatchObject({ code: 'seats_exhausted' });
  expect(full.body).not.toHaveProperty('denial');
  const confirmed = await scene.operate('POST /restore/confirm?reason=looked', { as: 'Admin' });
  expect(confirmed.status).toBe(200);
  expect((await scene.boot('fleet-3', { key: blocked })).body).toHaveProperty('denial');
  expect((await scene.boot('fleet-6')).body).not.toHaveProperty('denial');
  const exactFrom = Date.parse(String(confirmed.body['seatsExactFrom']));
  // LICENCE_LIFE_SECONDS: no offer could ever be longer.
  expect(exactFrom - Date.parse(String(confirmed.body['restoredAt']))).toBe(30 * DAY);

  // A used code and a trial that was begun are not to be had again.
  expect((await scene.boot('revoked', { change: { claim: CODE } })).body).toMatchObject({ code: 'claim_invalid' });
  ahead += 29 * DAY + 23 * HOUR;
  for (const vm of ['fleet-1', 'fleet-2', 'fleet-4']) expect((await scene.boot(vm)).status).toBe(200);
  expect((await scene.boot('fleet-7')).body).not.toHaveProperty('denial');
  ahead += 2 * HOUR;
  expect((await scene.boot('fleet-7')).body).toMatchObject({
    code: 'seats_exhausted',
    denial: expect.any(String) as string,
  });
  ahead += DAY;
  expect(await trial.check()).toMatchObject({ state: 'denied', code: 'trial_ended' });
});
