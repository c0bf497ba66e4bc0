import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openAuthorityFolder } from '../../../src/emulator/authority/authorityFolder.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { runKeys } from '../../support/runKeys.ts';
import { AT } from '../running.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-authority-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const DAY = 24 * 60 * 60 * 1000;
const keys = runKeys('emulator');
const open = (name: string, baseUrl = 'http://127.0.0.1:7080', now = AT) =>
  openAuthorityFolder({ folder: join(folder, name), baseUrl, now, keys });

test('the authority of a folder is made once and is the same ever after', async () => {
  const made = await open('once');
  const again = await openAuthorityFolder({
    folder: join(folder, 'once'),
    baseUrl: 'http://127.0.0.1:7080',
    now: AT + 30 * DAY,
  });
  expect(again.pem).toBe(made.pem);
  expect(readFileSync(join(folder, 'once', 'authority.pem'), 'utf8')).toBe(made.pem);
  expect(readFileSync(join(folder, 'once', 'root.pem'), 'utf8')).toBe(made.root.pem);
  const [one, two] = await Promise.all([made.keys('leaf'), again.keys('leaf')]);
  expect(one.publicKey.equals(two.publicKey)).toBe(true);
});

test.skipIf(process.platform === 'win32')('nobody else may read its keys', async () => {
  await open('private');
  const place = join(folder, 'private', 'keys');
  const files = readdirSync(place);
  expect(files).toHaveLength(5);
  for (const file of files) expect(statSync(join(place, file)).mode & 0o777).toBe(0o600);
  for (const each of [place, join(folder, 'private')]) expect(statSync(each).mode & 0o777).toBe(0o700);
});

test('at another address the root is the same, and the intermediate says where it is now', async () => {
  const [here, there] = [await open('moved'), await open('moved', 'http://169.254.169.254')];
  expect(there.root.pem).toBe(here.root.pem);
  expect(Buffer.from(there.intermediate.der).includes('http://169.254.169.254/pkiops/crl/')).toBe(true);
});

test('of two that are made at the same time one is kept', async () => {
  const own = (name: string) => ({
    folder: join(folder, 'race'),
    baseUrl: 'http://[::1]:1',
    now: AT,
    keys: runKeys(name),
  });
  const [one, two] = await Promise.all([openAuthorityFolder(own('emulator')), openAuthorityFolder(own('emulator'))]);
  expect(two.pem).toBe(one.pem);
  expect(readdirSync(folder).filter((name) => name.startsWith('race'))).toEqual(['race']);
});

test('an empty folder is taken, a folder with other files is not', async () => {
  mkdirSync(join(folder, 'empty'));
  await open('empty');
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other', 'notes.txt'), '');
  await expect(open('other')).rejects.toThrow('has other files in it');
  expect(readdirSync(join(folder, 'other'))).toEqual(['notes.txt']);
});

test('a damaged record is named', async () => {
  await open('damaged');
  writeFileSync(join(folder, 'damaged', 'authority.json'), '{');
  await expect(open('damaged')).rejects.toThrow('authority.json is damaged or gone. Restore it');
});

test('a CA key that is gone is named, and none is made in its place', async () => {
  await open('keyless');
  const place = join(folder, 'keyless', 'keys', 'root.rsa-4096.pem');
  rmSync(place);
  await expect(open('keyless')).rejects.toThrow('root.rsa-4096.pem is damaged or gone');
  expect(existsSync(place)).toBe(false);
});

test('port 0 is the port of the first start while it is free, and another one while it is not', async () => {
  const authorityFolder = join(folder, 'ports');
  const start = () => startEmulator({ port: 0, authorityFolder, keys, clock: () => AT });
  const first = await start();
  await first.close();
  const second = await start();
  expect([second.url, second.authority.pem]).toEqual([first.url, first.authority.pem]);
  await second.close();
  const other = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
  await once(other, 'listening');
  const third = await start();
  expect(third.url).not.toBe(first.url);
  expect(third.authority.root.pem).toBe(first.authority.root.pem);
  await third.close();
  other.close();
});
