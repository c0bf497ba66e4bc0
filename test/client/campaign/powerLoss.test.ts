import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { createKilledScene, expectNext, killAtEveryCall, runCheck } from './killedScene.ts';

/*
 * Power loss on a real ext4. The file system lies in a file; when the process kills itself, the file is copied as it is,
 * without a sync, and the copy is mounted: what the kernel had not written yet is gone. The journal's commit interval is
 * long, and the flush that ext4 does by itself at a rename is off, so that only what the client flushed is sure to last.
 * It belongs to `npm run full`, and needs root and loop devices.
 */

const OPTIONS = 'loop,commit=600,noauto_da_alloc';
const MIB = 1024 * 1024;

const work = mkdtempSync(join(tmpdir(), 'countersign-power-'));
const mounted = new Set<string>();

function mount(image: string): string {
  const folder = `${image}.mounted`;
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-o', OPTIONS, image, folder], { stdio: 'pipe' });
  mounted.add(folder);
  return folder;
}

function unmount(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'pipe' });
  mounted.delete(folder);
}

afterAll(() => {
  for (const folder of mounted) unmount(folder);
  rmSync(work, { recursive: true, force: true });
});

function createImage(name: string): string {
  const image = join(work, name);
  writeFileSync(image, '');
  truncateSync(image, 8 * MIB);
  execFileSync('mkfs.ext4', ['-q', '-F', image], { stdio: 'pipe' });
  return image;
}

function canMount(): boolean {
  try {
    unmount(mount(createImage('probe')));
    return true;
  } catch {
    return false;
  }
}

/** The disk as it is when the power goes: what has reached it, and nothing that waits in the kernel. */
function losePower(image: string, folder: string): string {
  const copy = `${image}.copy`;
  copyFileSync(image, copy);
  unmount(folder);
  return copy;
}

const isAsked = process.env['POWER_LOSS'] === '1';

test.skipIf(!isAsked || !canMount())('a first boot that loses power at any call of the file system', async () => {
  await killAtEveryCall(async (killAt) => {
    const scene = await createKilledScene();
    const image = createImage('first');
    const folder = mount(image);
    const ended = await runCheck(scene, { folder: join(folder, 'state'), killAt });
    const after = mount(losePower(image, folder));
    await expectNext(scene, 'licensed', { folder: join(after, 'state'), killAt });
    unmount(after);
    return ended;
  });
});

test.skipIf(!isAsked || !canMount())('a renewal or a denial that loses power at any call', async () => {
  const scene = await createKilledScene();
  const licensed = createImage('before');
  const folder = mount(licensed);
  await runCheck(scene, { folder: join(folder, 'state'), killAt: 0 });
  unmount(folder);
  for (const [denies, state] of [
    [undefined, 'licensed'],
    ['licence_revoked', 'denied'],
  ] as const) {
    scene.service.denies = denies;
    await killAtEveryCall(async (killAt) => {
      const image = join(work, state);
      // The service's clock stands still; the processes' does not, and challenges last five minutes.
      scene.time.now = Date.now();
      copyFileSync(licensed, image);
      const before = mount(image);
      const ended = await runCheck(scene, { folder: join(before, 'state'), killAt, renew: true });
      const after = mount(losePower(image, before));
      await expectNext(scene, state, { folder: join(after, 'state'), killAt, renew: true });
      unmount(after);
      return ended;
    });
  }
});
