import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VM_ID } from '../support/vectors.ts';
import { createKilledScene, expectNext, killAtEveryCall, runCheck } from './killedScene.ts';

/*
 * kill -9 at calls of the file system, in a real process on a real disk: the next check is what it would have been, with
 * the key that the service knows, and nothing is left over that the next check would stumble over.
 */

test('a first boot that is killed at any call of the file system', async () => {
  await killAtEveryCall(async (killAt) => {
    const scene = await createKilledScene();
    const ended = await runCheck(scene, { killAt });
    await expectNext(scene, 'licensed', { killAt });
    return ended;
  });
});

test('a renewal that is killed at any call of the file system', async () => {
  await killAtEveryCall(async (killAt) => {
    // Each in a folder of its own: what a killed process leaves behind is swept an hour later, and is looked at until then.
    const scene = await createKilledScene();
    await runCheck(scene, { killAt: 0 });
    const ended = await runCheck(scene, { killAt, renew: true });
    await expectNext(scene, 'licensed', { killAt });
    const left = await readdir(join(scene.folder, VM_ID));
    expect(left).toEqual(expect.arrayContaining(['key.jwk', 'licence.json']));
    return ended;
  });
});

test('a denial that is killed at any call of the file system is found again', async () => {
  await killAtEveryCall(async (killAt) => {
    const scene = await createKilledScene();
    await runCheck(scene, { killAt: 0 });
    scene.service.denies = 'licence_revoked';
    const ended = await runCheck(scene, { killAt, renew: true });
    const files = await readdir(join(scene.folder, VM_ID));
    // The licence goes only once the denial is there: whoever cuts the power in between gains nothing.
    expect(files.includes('licence.json') || files.includes('denial.json'), `killed at call ${killAt}`).toBe(true);
    // A licence that the kill left behind is still good; the next renewal comes to the same denial.
    await expectNext(scene, 'denied', { killAt, renew: true });
    scene.service.denies = undefined;
    scene.time.now += 5_000;
    await expectNext(scene, 'licensed', { killAt, renew: true });
    return ended;
  });
});
