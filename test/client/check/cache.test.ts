import { chmod, mkdir, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { withBrokenFiles } from '../support/brokenFiles.ts';
import { createFolder, createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, VM_ID } from '../support/vectors.ts';

async function checkWithCache(scene: Scene, text: string): Promise<void> {
  await writeFile(scene.ownFile('licence.json'), text);
  scene.forget();
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toContain('/v1/licences');
  expect(scene.events.find(({ step }) => step === 'cache')).toMatchObject({ found: 'unusable' });
}

test.each([
  ['half written', '{"licence":"abc'],
  ['empty', ''],
  ['a list', '[]'],
  ['full of zeros', '\u0000'.repeat(512)],
  [
    'without a key set',
    '{"licence":"e30.e30.AA","chassisTag":null,"remembered":{"time":0,"wall":0,"uptime":0,"bootId":null}}',
  ],
  ['of version 0.1', '{"licence":"e30.e30.AA","keySet":{"keys":[]}}'],
  ['much too long', 'x'.repeat(200_000)],
])('a cache that is %s is as if there were none', async (_, text) => {
  const scene = await createScene();
  await scene.check();
  await checkWithCache(scene, text);
});

test.each<[string, (remembered: Record<string, unknown>) => unknown]>([
  ['is missing', () => undefined],
  ['has a negative time', (remembered) => ({ ...remembered, time: -1 })],
  ['has a time beyond all dates', (remembered) => ({ ...remembered, time: 1e300 })],
  ['has no number as uptime', (remembered) => ({ ...remembered, uptime: '7' })],
  [
    'comes through __proto__',
    () => JSON.parse('{"__proto__":{"time":1,"wall":1,"uptime":1,"bootId":null}}') as unknown,
  ],
])('a remembered time that %s makes the file count for nothing', async (_, change) => {
  const scene = await createScene();
  await scene.check();
  const file = await scene.readLicenceFile();
  const remembered = change(file['remembered'] as Record<string, unknown>);
  await checkWithCache(scene, JSON.stringify({ ...file, remembered }));
});

test('a licence altered on the disk is as if there were none', async () => {
  const scene = await createScene();
  await scene.check();
  const kept = (await scene.readLicenceFile()) as { licence: string };
  const [header, payload, signature] = kept.licence.split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as { exp: number };
  const longer = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp * 2 })).toString('base64url');
  await checkWithCache(scene, JSON.stringify({ ...kept, licence: [header, longer, signature].join('.') }));
});

test('a licence bound to an earlier key is as if there were none', async () => {
  const scene = await createScene();
  await scene.check();
  await rm(scene.ownFile('key.jwk'));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'cache', found: 'unusable', code: 'licence_foreign' });
  expect(scene.service.licenceRequests).toHaveLength(2);
});

test('a client object notices what another process has written, and what was taken away', async () => {
  const scene = await createScene();
  const client = scene.client();
  await client.check();
  scene.time.pass(13 * HOUR);
  await scene.check();
  scene.forget();
  expect(await client.check()).not.toHaveProperty('code');
  expect(scene.service.requests).toEqual([]);
  await rm(scene.ownFile('key.jwk'));
  await client.check();
  expect(scene.service.requests).toContain('/v1/licences');
});

test.each([
  ['the folder', ''],
  ['the folder of the VM', VM_ID],
])('a client whose %s is deleted gets a new key and a licence', async (_, name) => {
  const scene = await createScene();
  const folder = scene.file('state');
  const client = scene.client({ folder });
  await client.check();
  for (let times = 0; times < 2; times++) {
    await rm(`${folder}/${name}`, { recursive: true });
    scene.forget();
    expect(await client.check()).toMatchObject({ state: 'licensed' });
    expect(scene.service.requests).toContain('/v1/licences');
    expect(scene.steps()).not.toContain('cache_not_written');
  }
});

test('a full disk takes no licence away; the client object keeps it', async () => {
  const scene = await createScene();
  const client = scene.client({ adapters: withBrokenFiles(scene.adapters, 'ENOSPC', ['create'], /licence\.json/) });
  expect(await client.check()).toMatchObject({ state: 'licensed', code: 'cache_not_written' });
  expect(scene.events).toContainEqual({ step: 'cache_not_written', code: 'ENOSPC' });
  scene.serviceIsAway = true;
  expect(await client.check()).toMatchObject({ state: 'licensed' });
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
});

test('a folder that cannot be written serves what is in it', async () => {
  const scene = await createScene();
  await scene.check();
  const adapters = withBrokenFiles(scene.adapters, 'EROFS');
  expect(await scene.check({ adapters })).toMatchObject({ state: 'licensed' });
  scene.time.pass(13 * HOUR);
  const client = scene.client({ adapters });
  expect(await client.check()).toMatchObject({ state: 'licensed', code: 'cache_not_written' });
  scene.forget();
  expect(await client.check()).not.toHaveProperty('code');
  expect(scene.service.requests).toEqual([]);
});

test('without a key in it, it is a wrong setting', async () => {
  const scene = await createScene();
  const adapters = withBrokenFiles(scene.adapters, 'EROFS');
  const answer = await scene.check({ adapters });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'folder_unusable' });
  expect(answer.reason).toContain('(EROFS)');
});

test('a missing folder is created with its parents, for its owner alone', async () => {
  const scene = await createScene();
  const folder = scene.file('deep/er/state');
  expect(await scene.check({ folder })).toMatchObject({ state: 'licensed' });
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(`${folder}/${VM_ID}`)).mode & 0o777).toBe(0o700);
});

test('a folder that is a file, or a link, is not used', async () => {
  const scene = await createScene();
  await writeFile(scene.file('file'), '');
  await symlink(await createFolder(), scene.file('link'));
  for (const name of ['file', 'link']) {
    const answer = await scene.check({ folder: scene.file(name) });
    expect(answer).toMatchObject({ state: 'misconfigured', code: 'folder_unusable' });
  }
});

test.each(['licence.json', 'denial.json', 'key.jwk'])(
  'a link or a folder in the place of %s is not followed',
  async (name) => {
    const scene = await createScene();
    await scene.check();
    const elsewhere = scene.file('elsewhere');
    await writeFile(elsewhere, await scene.readOwn('licence.json'), { mode: 0o600 });
    for (const put of [() => symlink(elsewhere, scene.ownFile(name)), () => mkdir(scene.ownFile(name))]) {
      await rm(scene.ownFile(name), { recursive: true, force: true });
      await put();
      expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'folder_unusable' });
    }
  },
);

test('a linked folder of the VM is not followed', async () => {
  const scene = await createScene();
  await scene.check();
  const elsewhere = await createFolder();
  await rm(scene.file(VM_ID), { recursive: true });
  await symlink(elsewhere, scene.file(VM_ID));
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'folder_unusable' });
  expect(await readdir(elsewhere)).toEqual([]);
});

test('a folder that others can write is said; a licence in hand counts where nobody but a root can forge one', async () => {
  const scene = await createScene();
  await chmod(scene.folder, 0o777);
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'folder_exposed' });
  expect(await readdir(scene.folder)).toEqual([]);
  await chmod(scene.folder, 0o700);
  await scene.check();
  await chmod(scene.folder, 0o777);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'folder_exposed' });
  expect(await scene.check({ trust: 'first-use' })).toMatchObject({ state: 'misconfigured', code: 'folder_exposed' });
});

test('and it counts on its own VM alone', async () => {
  const scene = await createScene();
  await scene.check();
  await chmod(scene.folder, 0o777);
  scene.imds.vmId = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'folder_exposed' });
});

test('a folder of another user is not used', async () => {
  const scene = await createScene();
  const { uid } = scene.adapters.process;
  const process = { ...scene.adapters.process, uid: 12_345 };
  const answer = await scene.check({ adapters: { ...scene.adapters, process } });
  const isRoots = uid === 0;
  expect(answer.state).toBe(isRoots ? 'licensed' : 'misconfigured');
});

test.each([0o640, 0o604, 0o666])('a key that others can reach (mode %o) renews nothing, and is said', async (mode) => {
  const scene = await createScene();
  await scene.check();
  await chmod(scene.ownFile('key.jwk'), mode);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'key_exposed' });
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'key_exposed' });
  await rm(scene.ownFile('licence.json'));
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'key_exposed' });
});

test.each([
  ['no JSON', 'not a key'],
  ['a list', '[]'],
  ['a key of another kind', '{"kty":"RSA"}'],
  ['too much', ' '.repeat(5000)],
])('%s in the place of the key is never replaced', async (_, text) => {
  const scene = await createScene();
  await scene.check();
  await writeFile(scene.ownFile('key.jwk'), text);
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
  expect(await scene.readOwn('key.jwk')).toBe(text);
  scene.imdsIs = 'silent';
  expect(await scene.check({ once: true })).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
});

test('leftovers of processes that ended go when they are an hour old', async () => {
  const scene = await createScene();
  await scene.check();
  const old = 'licence.json.aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee.tmp';
  const young = 'key.jwk.aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff.tmp';
  for (const [name, age] of [
    [old, 61],
    [young, 59],
  ] as const) {
    await writeFile(scene.ownFile(name), '', { mode: 0o600 });
    const at = new Date(scene.time.now - age * 60_000);
    await utimes(scene.ownFile(name), at, at);
  }
  await writeFile(scene.ownFile('mine.tmp'), '');
  await scene.check();
  expect((await readdir(scene.file(VM_ID))).sort()).toEqual([young, 'key.jwk', 'licence.json', 'mine.tmp'].sort());
});

test('where hard links are not to be had nothing is missed', async () => {
  const scene = await createScene();
  expect(Object.keys(scene.adapters.files)).not.toContain('link');
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});
