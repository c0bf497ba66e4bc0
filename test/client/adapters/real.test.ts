import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readChassisTag } from '../../../src/client/adapters/chassisTag.ts';
import { REAL_CLOCKS } from '../../../src/client/adapters/clocks.ts';
import { REAL_FILES } from '../../../src/client/adapters/files.ts';
import { REAL_PROCESS } from '../../../src/client/adapters/processFacts.ts';
import { requestImds } from '../../../src/client/adapters/requestImds.ts';
import { listen } from '../support/loopback.ts';
import { createFolder } from '../support/scene.ts';

const isLinux = process.platform === 'linux';
const judge = (): void => undefined;

test('a file is created once, for its owner alone, and read whole', async () => {
  const path = join(await createFolder(), 'a');
  const file = await REAL_FILES.create(path);
  await file.write(Buffer.from('abc'));
  await file.sync();
  await file.close();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await expect(REAL_FILES.create(path)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(Buffer.from(await REAL_FILES.read(path, 3, judge)).toString()).toBe('abc');
  await expect(REAL_FILES.read(path, 2, judge)).rejects.toMatchObject({ code: 'EFBIG' });
  await REAL_FILES.overwrite(path, Buffer.from('x'));
  expect(await readFile(path, 'utf8')).toBe('xbc');
});

test('a file is judged before it is read, through the same descriptor', async () => {
  const path = join(await createFolder(), 'a');
  await writeFile(path, 'abc', { mode: 0o640 });
  const seen: unknown[] = [];
  const refuse = (facts: unknown): never => {
    seen.push(facts);
    throw new Error('not this one');
  };
  await expect(REAL_FILES.read(path, 10, refuse)).rejects.toThrow('not this one');
  expect(seen).toMatchObject([{ kind: 'file', mode: 0o640, size: 3 }]);
});

test('links are not followed, and say what they are', async () => {
  const folder = await createFolder();
  await writeFile(join(folder, 'target'), 'abc');
  await symlink(join(folder, 'target'), join(folder, 'link'));
  expect(await REAL_FILES.lstat(join(folder, 'link'))).toMatchObject({ kind: 'link' });
  await expect(REAL_FILES.read(join(folder, 'link'), 10, judge)).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(REAL_FILES.overwrite(join(folder, 'link'), Buffer.from('x'))).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(REAL_FILES.create(join(folder, 'link'))).rejects.toMatchObject({ code: 'EEXIST' });
});

test.skipIf(!isLinux)('a pipe holds nobody up', async () => {
  const path = join(await createFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const kinds: string[] = [];
  await REAL_FILES.read(path, 10, ({ kind }) => kinds.push(kind)).catch(() => undefined);
  expect(kinds).toEqual(['other']);
  await expect(REAL_FILES.overwrite(path, Buffer.from('x'))).rejects.toMatchObject({ code: 'ENXIO' });
});

test('folders are created for their owner, listed, flushed and removed when they are empty', async () => {
  const folder = await createFolder();
  const path = join(folder, 'sub');
  await REAL_FILES.mkdir(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await expect(REAL_FILES.mkdir(path)).rejects.toMatchObject({ code: 'EEXIST' });
  await REAL_FILES.syncFolder(path);
  await mkdir(join(path, 'below'));
  expect(await REAL_FILES.readdir(path)).toEqual(['below']);
  await expect(REAL_FILES.rmdir(path)).rejects.toMatchObject({ code: 'ENOTEMPTY' });
});

test('a process runs under its own start, and one that has ended does not', async () => {
  const { isRunning, pid, start } = REAL_PROCESS;
  expect(isRunning(pid, start)).toBe(true);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  const childPid = child.pid ?? 0;
  if (isLinux) expect(isRunning(childPid, start)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunning(childPid, start)).toBe(false);
});

test.skipIf(!isLinux)('Linux names boots and process namespaces, and tells the start of a process', () => {
  expect(REAL_CLOCKS.bootId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(REAL_PROCESS.pidNamespace).toMatch(/^pid:\[\d+\]$/);
  expect(REAL_PROCESS.start).toMatch(/^\d+$/);
  expect(REAL_CLOCKS.uptime()).toBeGreaterThan(1000);
});

test('a sleep ends with its time or its signal, and never rejects', async () => {
  const stop = new AbortController();
  const slept = REAL_CLOCKS.sleep(60_000, { signal: stop.signal });
  stop.abort();
  await slept;
  await REAL_CLOCKS.sleep(60_000, { signal: stop.signal });
  await REAL_CLOCKS.sleep(1, { background: true });
  expect(REAL_CLOCKS.timeout(60_000).aborted).toBe(false);
});

test('a background sleep does not keep a process alive, another does', () => {
  const module = new URL('../../../src/client/adapters/clocks.ts', import.meta.url).href;
  const run = (options: string): string => {
    const program = `const { REAL_CLOCKS } = await import('${module}');
      REAL_CLOCKS.sleep(300, ${options}).then(() => console.log('slept'));`;
    return execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  };
  expect(run('{ background: true }')).toBe('');
  expect(run('{}')).toBe('slept\n');
});

test('the chassis tag is read, or said to be unreadable', async () => {
  const tag = await readChassisTag();
  expect(tag.readable ? typeof tag.tag : 'unreadable').toMatch(/string|unreadable/);
});

test('the ways in which IMDS does not answer are told apart', async () => {
  const closed = await listen(() => undefined);
  await closed.close();
  expect(await requestImds({ url: closed.url, timeoutMs: 1000 })).toEqual({ kind: 'refused' });
  const silent = await listen(() => undefined);
  expect(await requestImds({ url: silent.url, timeoutMs: 50 })).toEqual({ kind: 'silent' });
  const stop = AbortSignal.timeout(50);
  expect(await requestImds({ url: silent.url, timeoutMs: 60_000, signal: stop })).toEqual({ kind: 'silent' });
  await silent.close();
  const reset = await listen((request) => request.socket.destroy());
  expect(await requestImds({ url: reset.url, timeoutMs: 1000 })).toEqual({ kind: 'silent' });
  await reset.close();
  const half = await listen((request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setTimeout(() => request.socket.destroy(), 20);
  });
  expect(await requestImds({ url: half.url, timeoutMs: 5000 })).toEqual({ kind: 'cut' });
  await half.close();
  const babble = await listen((request) => request.socket.end('hello\r\n\r\n'));
  expect(await requestImds({ url: babble.url, timeoutMs: 5000 })).toEqual({ kind: 'cut' });
  await babble.close();
});
