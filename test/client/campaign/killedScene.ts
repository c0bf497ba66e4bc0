import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { expect } from 'vitest';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { VM_ID } from '../support/vectors.ts';

const PROGRAM = join(import.meta.dirname, 'killedProcess.ts');
/** No check makes as many calls. */
const MAX_CALLS = 400;
/** Fewer calls than that would mean that the program did not get far. */
const MIN_CALLS = 10;
/** Calls from one kill to the next; `npm run full` kills at every one. */
const STEP = Number(process.env['KILL_STEP'] ?? 12);

export interface Ended {
  readonly wasKilled: boolean;
  readonly out: string;
}

export interface Check {
  /** Where the client keeps its files; the scene's own folder unless given. */
  readonly folder?: string;
  /** The call of the file system at which the process kills itself; 0 is never. */
  readonly killAt: number;
  readonly renew?: boolean;
}

/** One check in a process of its own. */
export function runCheck(scene: Scene, { folder = scene.folder, killAt, renew = false }: Check): Promise<Ended> {
  const { service, imds } = scene;
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

/** A scene whose service tells the machine's own time, as the process does. */
export async function createKilledScene(): Promise<Scene> {
  const scene = await createScene();
  scene.time.now = Date.now();
  return scene;
}

/** Tries one kill after the other until a check makes fewer calls than that. */
export async function killAtEveryCall(attempt: (killAt: number) => Promise<Ended>): Promise<void> {
  for (let killAt = 1; killAt < MAX_CALLS; killAt += STEP) {
    const { wasKilled } = await attempt(killAt);
    if (wasKilled) continue;
    expect(killAt).toBeGreaterThan(MIN_CALLS);
    return;
  }
  expect.unreachable('There are more calls than expected.');
}

/** The keys under which licences were asked for: a second one would be a change of key. */
function keysOf({ service }: Scene): ReadonlySet<string> {
  return new Set(service.licenceRequests.map(({ proof = '' }) => JSON.stringify(decodeProtectedHeader(proof).jwk)));
}

/** The next check comes to that state, and the one key that the service knows is still in the folder. */
export async function expectNext(scene: Scene, state: string, check: Check): Promise<void> {
  const { folder = scene.folder, killAt, renew = false } = check;
  const next = await runCheck(scene, { folder, killAt: 0, renew });
  expect(JSON.parse(next.out), `killed at call ${killAt}`).toMatchObject({ state });
  expect(keysOf(scene).size, `killed at call ${killAt}`).toBe(1);
  const key = JSON.parse(await readFile(join(folder, VM_ID, 'key.jwk'), 'utf8')) as { readonly x: string };
  expect([...keysOf(scene)][0], `killed at call ${killAt}`).toContain(key.x);
}
