import { chmod, readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Scene } from '../support/scene.ts';
import { createScene } from '../support/scene.ts';
import { DAY, HOUR } from '../support/vectors.ts';

/** What a process says that has only just started. */
const statusOf = (scene: Scene) => scene.client().status();

test('a status is what the folder says, and asks nobody', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  scene.forget();
  expect(await statusOf(scene)).toMatchObject({ state: 'licensed', licence, trust: 'rootKeys' });
  scene.time.pass(13 * HOUR);
  expect(await statusOf(scene)).toMatchObject({ state: 'licensed' });
  scene.time.pass(DAY);
  expect(await statusOf(scene)).toMatchObject({ state: 'grace', code: 'not_renewed', licence });
  scene.time.pass(8 * DAY);
  expect(await statusOf(scene)).toMatchObject({ state: 'unreachable', code: 'not_renewed' });
  expect([scene.imds.requests, scene.service.requests]).toEqual([[], []]);
});

test('it writes nothing and creates nothing', async () => {
  const scene = await createScene();
  expect(await scene.client({ folder: scene.file('absent') }).status()).toMatchObject({ code: 'nothing_kept' });
  expect(await readdir(scene.folder)).toEqual([]);
  await scene.check();
  scene.time.pass(HOUR);
  const before = [await readFile(scene.file('lock'), 'utf8'), await scene.readOwn('licence.json')];
  await statusOf(scene);
  expect([await readFile(scene.file('lock'), 'utf8'), await scene.readOwn('licence.json')]).toEqual(before);
});

test('a denial, a foreign chassis and a wrong folder are said', async () => {
  const scene = await createScene();
  await scene.check();
  scene.chassis = { readable: true, tag: 'VMware' };
  expect(await statusOf(scene)).toMatchObject({ state: 'not_in_azure' });
  scene.service.denies = 'vm_blocked';
  scene.time.pass(DAY);
  await scene.check();
  expect(await statusOf(scene)).toMatchObject({ state: 'denied', code: 'vm_blocked' });
  expect(await scene.client({ folder: scene.ownFile('key.jwk') }).status()).toMatchObject({
    ...{ state: 'misconfigured', code: 'folder_unusable' },
  });
});

test('what has to be set right on this machine is said, with a licence and without one', async () => {
  const scene = await createScene();
  expect(await scene.client({ label: 'two\nlines' }).status()).toMatchObject({
    ...{ state: 'misconfigured', code: 'options_invalid' },
  });
  const { licence } = await scene.check();
  const known = { state: 'licensed', licence };
  expect(await scene.client({ label: 'two\nlines' }).status()).toMatchObject({ ...known, code: 'options_invalid' });
  await chmod(scene.ownFile('key.jwk'), 0o644);
  expect(await statusOf(scene)).toMatchObject({ ...known, code: 'key_exposed' });
  await chmod(scene.folder, 0o777);
  expect(await statusOf(scene)).toMatchObject({ ...known, code: 'folder_exposed' });
  scene.time.pass(2 * DAY);
  expect(await statusOf(scene)).toMatchObject({ state: 'grace', code: 'folder_exposed', licence });
  await chmod(scene.folder, 0o700);
  expect(await statusOf(scene)).toMatchObject({ state: 'grace', code: 'key_exposed', licence });
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'key_exposed', licence });
});

test('a client that has checked knows why there is no licence', async () => {
  const scene = await createScene();
  const client = scene.client();
  scene.imdsIs = 'silent';
  const answer = await client.check();
  expect(await client.status()).toEqual({ ...answer, trust: 'rootKeys' });
});

test('first use is said to be that', async () => {
  const scene = await createScene();
  expect(await scene.client({ trust: 'first-use' }).status()).toMatchObject({ trust: 'first-use' });
});
