import { beforeEach, expect, test } from 'vitest';

import { readPayload } from '../../endToEnd/protocolClient.ts';
import { linesOf, readBackup, stageBackup, applyAll, takeStep } from '../../support/backups.ts';
import { emptyStore } from '../../support/emptyStore.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';

/** What operators remove, and what they erase, while a restore is going on: it does not come back. */

const MINUTE = 60_000;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const CUSTOMER = 'aaaaaaaa-0000-4000-8000-000000000001';
const OTHER = 'aaaaaaaa-0000-4000-8000-00000000000f';
const [OFFER, OLD, METERED] = ['contoso/gateway/standard', 'contoso/gateway/old', 'contoso/gateway/metered'];
const OVERRIDE = `/offers/${METERED}/overrides/emulator/${CUSTOMER}`;
const CATALOGUE = {
  offers: [
    { offer: OFFER, mode: 'licensed' },
    { offer: OLD, mode: 'licensed' },
    { offer: METERED, mode: 'marketplace' },
  ],
  licences: [
    { id: 'customer', cloud: 'emulator', subscription: CUSTOMER, offer: OFFER, seats: 5 },
    { id: 'leaving', cloud: 'emulator', subscription: OTHER, offer: OFFER, seats: 5 },
  ],
};
const [DISTRUSTED, STILL_DISTRUSTED] = ['ab'.repeat(32), 'cd'.repeat(32)];
const POOL = { kind: 'licence', id: 'customer' } as const;

async function operate(scene: Scene, request: Parameters<Scene['operate']>[0], body?: object) {
  const answer = await scene.operate(request, { as: 'Admin', ...(body !== undefined && { body }) });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

/** Two VMs that are blocked, and one of each thing that can be removed. */
async function startScene() {
  const scene = await createScene({ catalogue: JSON.stringify(CATALOGUE) });
  const blocked: string[] = [];
  for (const vm of ['licensed', 'licensed-2']) {
    const { body } = await scene.boot(vm);
    const vmId = String(readPayload(String(body['licence']))['sub']).slice('urn:azure:vm:'.length);
    await operate(scene, 'POST /blocks', { licence: 'customer', vmId });
    blocked.push(vmId);
  }
  for (const sha256 of [DISTRUSTED, STILL_DISTRUSTED])
    await operate(scene, 'POST /trust/distrusts', { sha256, note: '' });
  await operate(scene, `PUT ${OVERRIDE}`, { status: 'suspended' });
  const { claim } = await operate(scene, 'POST /claims', { licence: 'customer' });
  ahead = MINUTE;
  const backup = await readBackup(scene);
  const [unblocked = '', kept = ''] = blocked;
  return { scene, backup, unblocked, kept, claim: (claim as { id: string }).id };
}

/** Begins a restore up to its mark. From then on what is in the store may be changed. */
async function mark(scene: Scene, backup: Awaited<ReturnType<typeof readBackup>>): Promise<string> {
  const staged = await stageBackup(scene, backup);
  const restore = String(staged.body['restore']);
  expect((await takeStep(scene, { step: 'apply', restore })).body).toMatchObject({ applied: 0, done: false });
  ahead += MINUTE;
  return restore;
}

const names = async ({ store }: Scene) => ({
  licences: (await store.listLicences()).map(({ value }) => value.id),
  offers: (await store.listOffers()).map(({ value }) => value.plan.name),
  distrusts: (await store.listTrust()).map(({ value }) => value.sha256),
  overrides: (await store.readHoldings({ cloud: 'emulator', subscriptionId: CUSTOMER })).overrides.length,
  claims: (await store.pageClaims(null, { size: 10 })).items.length,
});

test('what is removed between the mark and the end of a restore stays removed, and nothing else is left out', async () => {
  const { scene, backup, unblocked, kept, claim } = await startScene();
  const before = await names(scene);
  const restore = await mark(scene, backup);
  for (const path of [`offers/${OLD}`, 'licences/leaving', OVERRIDE.slice(1), `trust/distrusts/${DISTRUSTED}`])
    await operate(scene, `DELETE /${path}`);
  await operate(scene, `DELETE /claims/${claim}`);
  await operate(scene, `POST /activations/licence:customer/${unblocked}/unblock`);
  const tried = await takeStep(scene, { step: 'apply', restore, index: 0 }, {}, '?dryRun=true');
  expect(tried.body['effect']).toMatchObject({ denied: [], deniedInAll: 0 });
  expect((await applyAll(scene, restore)).body).toMatchObject({ done: true });
  expect(await names(scene)).toEqual({
    ...{ licences: ['customer'], offers: before.offers.filter((name) => name !== 'old') },
    ...{ distrusts: [STILL_DISTRUSTED], overrides: 0, claims: 0 },
  });
  const isBlocked = async (vmId: string) => (await scene.store.readActivation(POOL, vmId))?.value.blocked;
  expect([await isBlocked(unblocked), await isBlocked(kept)]).toEqual([false, true]);
});

test('what was removed and made again is restored where the store lost it', async () => {
  const { scene } = await startScene();
  const entry = { id: 'leaving', cloud: 'emulator', subscription: OTHER, offer: OFFER, seats: 5 };
  await operate(scene, 'DELETE /licences/leaving');
  ahead += MINUTE;
  await operate(scene, 'PUT /licences/leaving', entry);
  const backup = await readBackup(scene);
  await emptyStore(scene, ['changes']);
  expect((await applyAll(scene, String((await stageBackup(scene, backup)).body['restore']))).body).toMatchObject({
    done: true,
  });
  expect(linesOf(backup, 'licence')).toHaveLength(2);
  expect((await names(scene)).licences).toEqual(['customer', 'leaving']);
});

/** A VM whose licence and change of key have ended: an erasure erases it, and what operators did with it. */
async function endVm({ store, now }: Scene, vmId: string): Promise<void> {
  const row = await store.readActivation(POOL, vmId);
  if (row === null) throw new Error('The VM has a row.');
  const ended = { issuedAt: 1, expiresAt: 1, leaseEnd: 1, graceUntil: 1, keyUntil: 1, lastSeen: 1 };
  const keyChanges = [{ from: null, at: now() - MINUTE, until: now() - MINUTE }];
  const activation = { ...row.value, ...ended, keyChanges };
  await store.writeSeats(POOL, [{ row: 'activation', activation, version: row.version }]);
}

const changesOf = async ({ store }: Scene) => {
  const { items } = await store.pageChanges({ of: { cloud: 'emulator', subscriptionId: CUSTOMER } }, { size: 100 });
  return items.map(({ kind, key, operation }) => `${operation} ${kind === 'block' ? key : ''}`).toSorted();
};

test('what is erased between the mark and the end of a restore stays erased, but for what an erasure keeps', async () => {
  const { scene, unblocked, kept } = await startScene();
  ahead += 10 * MINUTE;
  await operate(scene, `POST /activations/licence:customer/${unblocked}/unblock`);
  await endVm(scene, unblocked);
  ahead += MINUTE;
  const backup = await readBackup(scene);
  expect(linesOf(backup, 'vm').map(({ vmId }) => vmId)).toContain(unblocked);
  const restore = await mark(scene, backup);
  await operate(scene, `DELETE /privacy/emulator/${CUSTOMER}`);
  const erased = await changesOf(scene);
  expect(await scene.store.readActivation(POOL, unblocked)).toBeNull();
  const tried = await takeStep(scene, { step: 'apply', restore, index: 0 }, {}, '?dryRun=true');
  const key = `emulator/${CUSTOMER}`;
  expect(tried.body['effect']).toMatchObject({ erased: [{ key, at: expect.any(String) as string }] });
  expect((await applyAll(scene, restore)).body).toMatchObject({ done: true });
  expect(await scene.store.readActivation(POOL, unblocked)).toBeNull();
  expect((await scene.store.readActivation(POOL, kept))?.value).toMatchObject({ blocked: true });
  expect(erased).toEqual([`blockVm licence:customer/${kept}`]);
  expect(await changesOf(scene)).toEqual(erased);
});

test('the dry run tells erasures that are later than the backup: those of the store, and those that the backup has', async () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    ...{ id: `many-${index}`, cloud: 'emulator', offer: OFFER, seats: 5, note: 'x'.repeat(1_000) },
    subscription: `bbbbbbbb-0000-4000-8000-${`${index}`.padStart(12, '0')}`,
  }));
  const scene = await createScene({ catalogue: JSON.stringify({ ...CATALOGUE, licences: many }) });
  let erasures = 0;
  const backup = await readBackup(scene, async () => {
    ahead += MINUTE;
    erasures += 1;
    if (erasures === 1) await operate(scene, `DELETE /privacy/emulator/${OTHER}`);
  });
  expect(erasures).toBeGreaterThan(0);
  const tell = async () => {
    const restore = String((await stageBackup(scene, backup)).body['restore']);
    const told: { readonly key: string }[] = [];
    for (const index of backup.parts.keys()) {
      const { body } = await takeStep(scene, { step: 'apply', restore, index }, {}, '?dryRun=true');
      told.push(...(body['effect'] as { readonly erased: typeof told }).erased);
    }
    return told.map(({ key }) => key);
  };
  await emptyStore(scene);
  expect(await tell()).toEqual([`emulator/${OTHER}`]);
  ahead += MINUTE;
  await operate(scene, `DELETE /privacy/emulator/${CUSTOMER}`);
  expect(await tell()).toEqual([`emulator/${CUSTOMER}`, `emulator/${OTHER}`]);
});

test('an erasure that may have been running when the backup began is told, and what it erased does not come back', async () => {
  const { scene, unblocked } = await startScene();
  ahead += 10 * MINUTE;
  await operate(scene, `POST /activations/licence:customer/${unblocked}/unblock`);
  await endVm(scene, unblocked);
  ahead += MINUTE;
  const row = await scene.store.readActivation(POOL, unblocked);
  if (row === null) throw new Error('The VM has a row.');
  await operate(scene, `DELETE /privacy/emulator/${CUSTOMER}`);
  // As long as the erasure has not come to this VM, a backup reads it.
  await scene.store.writeSeats(POOL, [{ row: 'activation', activation: row.value, version: null }]);
  ahead += MINUTE;
  const backup = await readBackup(scene);
  expect(linesOf(backup, 'vm').map(({ vmId }) => vmId)).toContain(unblocked);
  const known = await scene.store.readActivation(POOL, unblocked);
  expect(await scene.store.deleteActivation(POOL, unblocked, known?.version ?? '')).toBe('deleted');
  const restore = await mark(scene, backup);
  const tried = await takeStep(scene, { step: 'apply', restore, index: 0 }, {}, '?dryRun=true');
  const erasure = { key: `emulator/${CUSTOMER}`, at: expect.any(String) as string };
  // Both the store and the backup know of it.
  expect(tried.body['effect']).toMatchObject({ erased: [erasure, erasure] });
  expect((await applyAll(scene, restore)).body).toMatchObject({ done: true });
  expect(await scene.store.readActivation(POOL, unblocked)).toBeNull();
});
