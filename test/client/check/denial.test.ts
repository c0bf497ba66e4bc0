import { readdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { LicenceRequest } from '../../../src/contract/wire.ts';
import { createSigningKey, problem } from '../support/licenceService.ts';
import type { KeySetChange, Reply } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, licenceClaims, OTHER_VM_ID, VM_ID } from '../support/vectors.ts';
import { withBrokenFiles } from '../support/brokenFiles.ts';

/** The service denies: a good denial of the request that came, unless something is forged. */
function deny(scene: Scene, forgery: KeySetChange = {}): void {
  scene.service.alter.set('/v1/licences', (_, body) =>
    scene.service.denialReply(body as LicenceRequest, 'licence_revoked', forgery),
  );
}

test('a signed denial ends a licence before its time, and its grace', async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene);
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({
    state: 'denied',
    code: 'licence_revoked',
    reason: 'The service has signed that this VM has no licence. What to do about licence_revoked.',
    correlationId: 'c-1',
  });
  expect((await readdir(scene.file(VM_ID))).sort()).toEqual(['denial.json', 'key.jwk']);
});

test('it is kept: the next process is denied too, with the service away and without IMDS', async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene);
  scene.time.pass(13 * HOUR);
  await scene.check();
  scene.serviceIsAway = true;
  expect(await scene.check()).toMatchObject({ state: 'denied', code: 'licence_revoked' });
  scene.imdsIs = 'silent';
  expect(await scene.check({ once: true })).toMatchObject({ state: 'denied', code: 'licence_revoked' });
  scene.time.pass(400 * DAY);
  scene.time.reboot();
  expect(await scene.check({ once: true })).toMatchObject({ state: 'denied', code: 'licence_revoked' });
});

test('the end of a trial is denied in words of its own, at once and from the folder', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.denies = 'trial_ended';
  const advice = 'The trial of this subscription has ended. Buy a licence from the vendor, then check again.';
  const reason = expect.stringMatching(new RegExp(`^The service has signed .* ${advice}$`)) as string;
  expect(await scene.client().check({ renew: true })).toMatchObject({ state: 'denied', code: 'trial_ended', reason });
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'denied', code: 'trial_ended', reason });
});

test('it ends with a licence that is issued later', async () => {
  const scene = await createScene();
  deny(scene);
  expect(await scene.check()).toMatchObject({ state: 'denied' });
  scene.service.alter.clear();
  scene.time.pass(60_000);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect((await readdir(scene.file(VM_ID))).sort()).toEqual(['key.jwk', 'licence.json']);
  scene.serviceIsAway = true;
  expect(await scene.check()).not.toHaveProperty('code');
});

test('a licence of the same second does not end it, new or recorded', async () => {
  const scene = await createScene();
  await scene.check();
  const recorded = await scene.readOwn('licence.json');
  const { service } = scene;
  const second = Math.floor(scene.time.now / 1000);
  deny(scene, { claims: { iat: second } });
  expect(await scene.client().check({ renew: true })).toMatchObject({ state: 'denied' });
  const { thumbprint } = scene.events.find((event) => event.step === 'key') ?? { thumbprint: '' };
  const licence = await service.sign(licenceClaims(service.issuer, thumbprint, second * 1000));
  service.answer('/v1/licences', { status: 200, body: { licence } });
  expect(await scene.check()).toMatchObject({ state: 'denied', code: 'licence_revoked' });
  await writeFile(scene.ownFile('licence.json'), recorded);
  scene.serviceIsAway = true;
  expect(await scene.check()).toMatchObject({ state: 'denied', code: 'licence_revoked' });
});

test('another VM is not denied by it', async () => {
  const scene = await createScene();
  deny(scene);
  await scene.check();
  scene.service.alter.clear();
  scene.imds.vmId = OTHER_VM_ID;
  expect(await scene.check()).toMatchObject({ state: 'licensed', licence: { vmId: OTHER_VM_ID } });
  expect((await readdir(scene.folder)).sort()).toEqual([OTHER_VM_ID, 'lock']);
});

test('no clock is asked', async () => {
  for (const shift of [-400 * DAY, -8 * 60_000, 8 * 60_000, 400 * DAY]) {
    const scene = await createScene();
    await scene.check();
    const issuedAt = Math.floor((scene.time.now - shift) / 1000);
    deny(scene, { claims: { iat: issuedAt, exp: issuedAt + 300 } });
    expect(await scene.client().check({ renew: true })).toMatchObject({ state: 'denied' });
  }
});

test.each<[string, KeySetChange]>([
  ['of another challenge', { claims: { jti: 'another' } }],
  ['of another request', { claims: { pth: 'A'.repeat(43) } }],
  ['of no request', { claims: { pth: undefined } }],
  ['of another VM', { claims: { sub: `urn:azure:vm:${OTHER_VM_ID}` } }],
  ['of another product', { claims: { aud: 'contoso/gadget' } }],
  ['of another issuer', { claims: { iss: 'https://licences.example.test' } }],
  ['without a time', { claims: { iat: undefined } }],
  ['without a code', { claims: { code: undefined } }],
  ['with a wild code', { claims: { code: 'a b' } }],
  ['of another typ', { header: { typ: 'licence+jwt' } }],
  ['with a key of its own', { header: { jku: 'https://keys.example.test' } }],
  ['under an unknown key', { header: { kid: 'A'.repeat(43) } }],
])('a denial %s ends nothing', async (_, forgery) => {
  const scene = await createScene();
  await scene.check();
  deny(scene, forgery);
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'licence_revoked' });
  expect(scene.steps()).toContain('denial_ignored');
  await expect(scene.readOwn('licence.json')).resolves.toContain('licence');
});

test("a stranger's denial ends nothing, not even under the service's name", async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene, { key: { ...(await createSigningKey()), kid: scene.service.key.kid } });
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace' });
});

test('a recorded denial changes nothing', async () => {
  const scene = await createScene();
  let recorded: Reply | undefined;
  scene.service.alter.set('/v1/licences', async (_, body) => {
    recorded = await scene.service.denialReply(body as LicenceRequest, 'licence_revoked');
    return problem(503, 'store_unavailable');
  });
  await scene.check({ once: true });
  scene.service.alter.clear();
  await scene.check();
  if (recorded !== undefined) scene.service.answer('/v1/licences', recorded);
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'licence_revoked' });
});

test('a denial under a new signing key is verified with the new set', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.key = await createSigningKey();
  deny(scene);
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'denied' });
});

test.each<[string, (file: Record<string, string>) => unknown]>([
  ['the proof of another request', (file) => ({ ...file, proof: 'e30.e30.AA' })],
  ['another key set', (file) => ({ ...file, keySet: 'e30.e30.AA' })],
  ['nothing', () => ({})],
  ['half a denial', (file) => ({ ...file, denial: file['denial']?.slice(0, 40) })],
])('a kept denial is verified at every read: with %s it is none', async (_, change) => {
  const scene = await createScene();
  deny(scene);
  await scene.check();
  const file = JSON.parse(await scene.readOwn('denial.json')) as Record<string, string>;
  await writeFile(scene.ownFile('denial.json'), JSON.stringify(change(file)));
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
});

test('an older denial beside a newer licence changes nothing', async () => {
  const scene = await createScene();
  deny(scene);
  await scene.check();
  const recorded = await scene.readOwn('denial.json');
  scene.service.alter.clear();
  scene.time.pass(60_000);
  await scene.check();
  await writeFile(scene.ownFile('denial.json'), recorded);
  scene.serviceIsAway = true;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test('in a folder that cannot be written the client object keeps it, and says so', async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene);
  scene.time.pass(13 * HOUR);
  const client = scene.client({ adapters: withBrokenFiles(scene.adapters, 'EROFS') });
  expect(await client.check()).toMatchObject({ state: 'denied' });
  expect(scene.events).toContainEqual({ step: 'cache_not_written', code: 'EROFS' });
  scene.serviceIsAway = true;
  expect(await client.check()).toMatchObject({ state: 'denied', code: 'licence_revoked' });
  expect(await client.status()).toMatchObject({ state: 'denied' });
  // The licence could not be deleted either; another process still has it.
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test('a denial that cannot be written still takes the licence away', async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene);
  scene.time.pass(13 * HOUR);
  await scene.check({ adapters: withBrokenFiles(scene.adapters, 'ENOSPC', ['create'], /denial/) });
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
});

test('the file of the denial is as private as the others, and no event tells what is in it', async () => {
  const scene = await createScene();
  deny(scene);
  const answer = await scene.check();
  const file = JSON.parse(await scene.readOwn('denial.json')) as Record<string, string>;
  const said = JSON.stringify([answer, scene.events]);
  for (const secret of [file['denial'], file['proof']]) {
    expect(secret?.length).toBeGreaterThan(100);
    expect(said).not.toContain(secret);
  }
  expect((await stat(scene.ownFile('denial.json'))).mode & 0o777).toBe(0o600);
});
