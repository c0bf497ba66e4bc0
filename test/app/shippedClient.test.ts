import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { claimIdOf } from '../../src/catalogue/claimCode.ts';
import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../src/client/index.ts';
import type { ClientOptions, LicenceClient } from '../../src/client/index.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** What the shipped client tells about a licence that the real service issued, and when it learns of a change. */

const DAY = 24 * 60 * 60_000;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const OFFER = 'contoso/gateway/standard';
const CATALOGUE = JSON.stringify({
  offers: [{ offer: OFFER, mode: 'licensed', features: { nodes: 8 }, trial: { days: 30, seats: 5 } }],
  licences: [
    {
      ...{ id: 'customer', cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-000000000001', offer: OFFER },
      ...{ seats: 1, overage: 1, class: 'development' },
    },
  ],
});

const startScene = () => createScene({ catalogue: CATALOGUE });

function createClient({ urls, imdsUrl, now }: Scene, vm: string, more: Partial<ClientOptions> = {}): LicenceClient {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-shipped-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return createLicenceClient({
    ...{ issuer: urls[0], product: 'contoso/gateway', folder, once: true, imdsUrl: `${imdsUrl}/vms/${vm}` },
    adapters: { clocks: { ...REAL_ADAPTERS.clocks, now } },
    ...more,
  });
}

/** Of the VM `claiming`, which has it in its user data. */
const CODE = 'K7D2X-9QF3M-T4B8W-ZR6HN-J5PV1-C';

async function createCode({ store, now }: Scene): Promise<void> {
  await store.writeClaim(
    {
      ...{ id: claimIdOf(CODE) ?? '', licenceId: 'customer', uses: 1, used: [], until: null, note: '' },
      ...{ createdBy: 'test', createdAt: now() },
    },
    null,
  );
}

test('an operator changes features: a renewal has them at once, and a check before renewAfter has not', async () => {
  const scene = await startScene();
  const client = createClient(scene, 'licensed');
  expect(await client.check()).toMatchObject({ state: 'licensed', licence: { features: { nodes: 8 } } });
  const { body } = await scene.operate(`GET /offers/${OFFER}`);
  const changed = await scene.operate(`PUT /offers/${OFFER}`, {
    body: { ...(body['offer'] as object), features: { nodes: 32, reports: true } },
    headers: { 'If-Match': String(body['etag']) },
  });
  expect(changed.status).toBe(200);
  expect((await client.check()).licence?.features).toEqual({ nodes: 8 });
  expect((await client.check({ renew: true })).licence?.features).toEqual({ nodes: 32, reports: true });
  expect((await client.check()).licence?.features).toEqual({ nodes: 32, reports: true });
});

test('the licence tells its class, and whether the VM is over the seats', async () => {
  const scene = await startScene();
  const { licence: first } = await createClient(scene, 'licensed').check();
  expect(first).toMatchObject({ id: 'customer', class: 'development' });
  expect(first).not.toHaveProperty('over');
  expect(first).not.toHaveProperty('trialEndsAt');
  const { licence: second } = await createClient(scene, 'licensed-2').check();
  expect(second).toMatchObject({ id: 'customer', class: 'development', over: true });
});

test('a trial tells its end, is denied after it, and goes over into a licence by a claim code', async () => {
  const scene = await startScene();
  const client = createClient(scene, 'stranger');
  const { licence } = await client.check();
  expect(licence).not.toHaveProperty('class');
  expect(Date.parse(licence?.trialEndsAt ?? '')).toBeGreaterThan(scene.now() + 29 * DAY);
  expect(licence?.trialEndsAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  ahead = 31 * DAY;
  expect(await client.check()).toMatchObject({
    state: 'denied',
    code: 'trial_ended',
    reason: expect.stringContaining('The trial of this subscription has ended. Buy a licence') as string,
  });
  await createCode(scene);
  ahead += 60_000;
  const claimed = await createClient(scene, 'stranger', { claim: CODE }).check();
  expect(claimed).toMatchObject({ state: 'licensed', licence: { id: 'customer', class: 'development' } });
  expect(claimed.licence).not.toHaveProperty('trialEndsAt');
  expect(await client.check()).toMatchObject({ state: 'licensed', licence: { id: 'customer' } });
});

test('a code in the user data licenses a VM of an unknown subscription, out of the same seats', async () => {
  const scene = await startScene();
  await createCode(scene);
  expect((await createClient(scene, 'licensed').check()).licence).not.toHaveProperty('over');
  expect(await createClient(scene, 'claiming').check()).toMatchObject({
    state: 'licensed',
    licence: { id: 'customer', class: 'development', over: true },
  });
});

test('a code that is none is refused after the trial, and a VM with a licence does not notice', async () => {
  const scene = await startScene();
  const claim = 'NONE';
  expect(await createClient(scene, 'licensed', { claim }).check()).toMatchObject({ state: 'licensed' });
  await createClient(scene, 'stranger').check();
  ahead = 31 * DAY;
  expect(await createClient(scene, 'stranger', { claim }).check()).toMatchObject({
    state: 'refused',
    code: 'claim_invalid',
    reason: expect.stringMatching(/^The service does not accept the claim code .*\. Compare it/) as string,
  });
});
