import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { VM_ID } from '../support/vectors.ts';

/*
 * kill -9 at calls of the file system, in a real process on a real disk: the next check is licensed, with the key
 * that the service knows, and nothing is left over that the next check would stumble over.
 */

const PROGRAM = join(import.meta.dirname, 'killedProcess.ts');
/** No check makes as many calls. */
const MAX_CALLS = 400;
/** Calls from one kill to the next; `npm run full` kills at every one. */
const STEP = Number(process.env['KILL_STEP'] ?? 12);

interface Ended {
  readonly wasKilled: boolean;
  readonly out: string;
}

function runCheck({ service, imds, folder }: Scene, killAt: number, renew = false): Promise<Ended> {
  const trust = { rootKeys: service.roots.map(({ kid }) => kid) };
  const options = { issuer: service.issuer, product: 'contoso/widget', folder, imdsUrl: imds.url, trust };
  const args = [PROGRAM, JSON.stringify({ options, killAt, renew })];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, out, complaints) => {
      if (error !== null && error.signal !== 'SIGKILL') reject(new Error(complaints, { cause: error }));
      else resolve({ wasKilled: error !== null, out });
    });
  });
}

async function createKilledScene(): Promise<Scene> {
  const scene = await createScene();
  scene.time.now = Date.now();
  return scene;
}

/** The keys under which licences were asked for: a second one would be a change of key. */
function keysOf({ service }: Scene): ReadonlySet<string> {
  return new Set(service.licenceRequests.map(({ proof = '' }) => JSON.stringify(decodeProtectedHeader(proof).jwk)));
}

async function expectWell(scene: Scene, killAt: number): Promise<void> {
  const next = await runCheck(scene, 0);
  expect(JSON.parse(next.out), `killed at call ${killAt}`).toMatchObject({ state: 'licensed' });
  expect(keysOf(scene).size, `killed at call ${killAt}`).toBe(1);
  const key = JSON.parse(await readFile(join(scene.folder, VM_ID, 'key.jwk'), 'utf8')) as { readonly x: string };
  expect([...keysOf(scene)][0], `killed at call ${killAt}`).toContain(key.x);
}

test('a first boot that is killed at any call of the file system', async () => {
  for (let killAt = 1; killAt < MAX_CALLS; killAt += STEP) {
    const scene = await createKilledScene();
    const { wasKilled } = await runCheck(scene, killAt);
    if (!wasKilled) {
      expect(killAt).toBeGreaterThan(10);
      return;
    }
    await expectWell(scene, killAt);
  }
  expect.unreachable('There are more calls than expected.');
});

test('a renewal that is killed at any call of the file system', async () => {
  const scene = await createKilledScene();
  await runCheck(scene, 0);
  for (let killAt = 1; killAt < MAX_CALLS; killAt += STEP) {
    const { wasKilled } = await runCheck(scene, killAt, true);
    await expectWell(scene, killAt);
    if (wasKilled) continue;
    expect(killAt).toBeGreaterThan(10);
    expect((await readdir(join(scene.folder, VM_ID))).sort()).toEqual(
      expect.arrayContaining(['key.jwk', 'licence.json']),
    );
    return;
  }
  expect.unreachable('There are more calls than expected.');
});
