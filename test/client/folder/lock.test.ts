import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProcessFacts } from '../../../src/client/adapters.ts';
import { REAL_FILES } from '../../../src/client/adapters/files.ts';
import { LockSeeker } from '../../../src/client/folder/lock.ts';
import type { HeldLock } from '../../../src/client/folder/lock.ts';
import type { LockPlace } from '../../../src/client/folder/lockFiles.ts';
import type { ImdsTimes } from '../../../src/client/folder/lockRecord.ts';
import { FakeTime } from '../support/fakeTime.ts';
import { createFolder } from '../support/scene.ts';

const TIMES: ImdsTimes = { bootId: 'boot-1', at: [1, 2, 3] };
const MINUTE = 60_000;

/** Processes on one machine, or in one container, that are told which of them run. */
class Machine {
  readonly time = new FakeTime();
  readonly running = new Set<number>();

  place(folder: string, pid: number, pidNamespace: string | null = 'ns-1'): LockPlace {
    this.running.add(pid);
    const process: ProcessFacts = {
      ...{ uid: 0, pid, pidNamespace: pidNamespace ?? undefined, start: `start of ${pid}` },
      isRunning: (other, start) => this.running.has(other) && start === `start of ${other}`,
    };
    return { folder, files: REAL_FILES, clocks: this.time.clocks, process };
  }
}

async function take(place: LockPlace): Promise<HeldLock | string> {
  const attempt = await new LockSeeker(place).attempt();
  return attempt.outcome === 'held' ? attempt.lock : attempt.outcome;
}

async function hold(place: LockPlace): Promise<HeldLock> {
  const lock = await take(place);
  if (typeof lock === 'string') throw new Error(lock);
  return lock;
}

test('one holds it, and what it notes goes to the next', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  const first = await hold(machine.place(folder, 1));
  expect(await take(machine.place(folder, 2))).toBe('busy');
  expect(await take(machine.place(folder, 1))).toBe('busy');
  await first.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
  const second = await hold(machine.place(folder, 2));
  expect(second.imds).toEqual(TIMES);
  expect(await second.confirm()).toBe(true);
});

test('of many that try at once one succeeds', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let round = 0; round < 5; round++) {
    const found = await Promise.all(Array.from({ length: 8 }, (_, pid) => take(machine.place(folder, pid + 1))));
    const held = found.filter((each) => typeof each !== 'string');
    expect(held).toHaveLength(1);
    await held[0]?.release(TIMES);
  }
  expect(await readdir(folder)).toEqual(['lock']);
});

test('the lock of a process that ended in the same namespace is free at once, and its requests count as just made', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  await hold(machine.place(folder, 1));
  machine.running.delete(1);
  const next = await hold(machine.place(folder, 2));
  expect(next.imds).toBeUndefined();
  await next.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('of many that take over from it one succeeds', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let round = 0; round < 5; round++) {
    const dead = await hold(machine.place(folder, 100 + round));
    machine.running.delete(100 + round);
    const found = await Promise.all(Array.from({ length: 8 }, (_, pid) => take(machine.place(folder, pid + 1))));
    const held = found.filter((each) => typeof each !== 'string');
    expect(held).toHaveLength(1);
    expect(await dead.confirm()).toBe(false);
    expect(await held[0]?.confirm()).toBe(true);
    await held[0]?.release(TIMES);
  }
  expect(await readdir(folder)).toEqual(['lock']);
});

test('a process id says nothing in another namespace, or where there is none', async () => {
  for (const namespaces of [
    ['ns-1', 'ns-2'],
    [null, null],
  ] as const) {
    const folder = await createFolder();
    const machine = new Machine();
    await hold(machine.place(folder, 1, namespaces[0]));
    machine.running.delete(1);
    const other = machine.place(folder, 2, namespaces[1]);
    expect(await take(other)).toBe('busy');
    machine.time.pass(3 * MINUTE);
    expect(await take(other)).toBe('busy');
    machine.time.pass(1);
    expect(await take(other)).not.toBeTypeOf('string');
  }
});

test('a process id that is used again is not the holder', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  const place = machine.place(folder, 1);
  await hold({ ...place, process: { ...place.process, start: 'an earlier start' } });
  expect(await take(place)).not.toBeTypeOf('string');
});

test('a holder that renews keeps it, one that is suspended loses it and finds that out', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  const first = await hold(machine.place(folder, 1));
  for (let times = 0; times < 10; times++) {
    machine.time.pass(MINUTE);
    await first.renew();
    expect(await take(machine.place(folder, 2))).toBe('busy');
  }
  machine.time.pass(4 * MINUTE);
  const second = await hold(machine.place(folder, 2));
  expect(await first.confirm()).toBe(false);
  await first.renew();
  await first.release({ bootId: 'boot-1', at: [] });
  expect(await second.confirm()).toBe(true);
  await second.release(TIMES);
  expect(await first.confirm()).toBe(false);
  expect((await hold(machine.place(folder, 3))).imds).toEqual(TIMES);
});

test('a lock of an earlier boot is free', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  await hold(machine.place(folder, 1));
  machine.time.reboot();
  machine.time.uptime = 10 * 3_600_000;
  expect(await take(machine.place(folder, 2))).not.toBeTypeOf('string');
});

test('without a name for the boot an uptime that went back is one', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  machine.time.bootId = undefined;
  await hold(machine.place(folder, 1));
  machine.time.uptime = 0;
  expect(await take(machine.place(folder, 2))).not.toBeTypeOf('string');
});

test('files that lost their content with the power hold nobody up, and are gone afterwards', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  const longAgo = new Date(machine.time.now - machine.time.uptime - 60_000);
  for (const name of ['lock', 'lock.1', 'lock.2', 'lock.3', 'lock.7']) {
    await writeFile(join(folder, name), '');
    await utimes(join(folder, name), longAgo, longAgo);
  }
  const lock = await hold(machine.place(folder, 1));
  expect(await lock.confirm()).toBe(true);
  await lock.sweep(await readdir(folder));
  await lock.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('a higher claim without content is waited for, as long as somebody may be about to write it', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  await writeFile(join(folder, 'lock.2'), '');
  const seeker = new LockSeeker(machine.place(folder, 1));
  expect(await seeker.attempt()).toMatchObject({ outcome: 'busy' });
  expect(await readdir(folder)).toEqual(['lock.2']);
  machine.time.pass(2001);
  const attempt = await seeker.attempt();
  expect(attempt.outcome === 'held' && (await attempt.lock.confirm())).toBe(true);
});

test('a higher claim that is held is respected', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let times = 0; times < 3; times++) await (await hold(machine.place(folder, 1))).release(TIMES);
  await hold(machine.place(folder, 1));
  await rm(join(folder, 'lock'));
  await writeFile(join(folder, 'lock'), JSON.stringify({ generation: 2 }));
  expect(await take(machine.place(folder, 2))).toBe('busy');
});

test('spent claims are removed whatever they hold', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let times = 0; times < 5; times++) await (await hold(machine.place(folder, 1))).release(TIMES);
  await writeFile(join(folder, 'lock.3'), '');
  const lock = await hold(machine.place(folder, 1));
  await lock.sweep(await readdir(folder));
  await lock.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('a claim without content is left alone for two seconds, then it is free', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  await writeFile(join(folder, 'lock.1'), '');
  const seeker = new LockSeeker(machine.place(folder, 2));
  expect(await seeker.attempt()).toMatchObject({ outcome: 'busy' });
  machine.time.pass(2000);
  expect(await seeker.attempt()).toMatchObject({ outcome: 'busy' });
  machine.time.pass(1);
  const attempt = await seeker.attempt();
  expect(attempt.outcome).toBe('held');
  if (attempt.outcome === 'held') await attempt.lock.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test.each(['', 'no JSON', '[]', '{"generation":-1}', '{"generation":1e300}', '{"generation":0.5}', 'x'.repeat(10_000)])(
  'a lock file of %.20j is as good as none',
  async (text) => {
    const folder = await createFolder();
    const machine = new Machine();
    await writeFile(join(folder, 'lock'), text);
    const lock = await hold(machine.place(folder, 1));
    await lock.release(TIMES);
    expect((await hold(machine.place(folder, 2))).imds).toEqual(TIMES);
  },
);

test('who tries with an old generation still holds the lock alone', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let times = 0; times < 5; times++) await (await hold(machine.place(folder, 1))).release(TIMES);
  const attempt = await new LockSeeker(machine.place(folder, 2), 2).attempt();
  expect(attempt).toMatchObject({ outcome: 'held' });
  expect(await take(machine.place(folder, 3))).toBe('busy');
  expect((await readdir(folder)).sort()).toEqual(['lock', 'lock.6']);
});

test('a lock that somebody deletes is lost to its holder, and a new one begins', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let times = 0; times < 3; times++) await (await hold(machine.place(folder, 1))).release(TIMES);
  const first = await hold(machine.place(folder, 1));
  await rm(join(folder, 'lock'));
  const second = await hold(machine.place(folder, 2));
  expect(await first.confirm()).toBe(false);
  expect(await second.confirm()).toBe(true);
  machine.running.delete(1);
  await second.sweep(await readdir(folder));
  await second.release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('a program that is killed in every check does not lock itself out', async () => {
  const folder = await createFolder();
  const machine = new Machine();
  for (let pid = 1; pid <= 40; pid++) {
    await hold(machine.place(folder, pid));
    machine.running.delete(pid);
  }
  await (await hold(machine.place(folder, 99))).release(TIMES);
  expect(await readdir(folder)).toEqual(['lock']);
});

test.each(['EROFS', 'EACCES', 'ENOSPC'])('a folder that cannot be written (%s) is said to be', async (code) => {
  const machine = new Machine();
  const place = machine.place(await createFolder(), 1);
  const files = { ...place.files, create: () => Promise.reject(Object.assign(new Error(code), { code })) };
  expect(await new LockSeeker({ ...place, files }).attempt()).toEqual({ outcome: 'unwritable', code });
});

test('the record in the lock names no process: it is free', async () => {
  const folder = await createFolder();
  await (await hold(new Machine().place(folder, 1))).release(TIMES);
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toEqual({ generation: 1, imds: TIMES });
});
