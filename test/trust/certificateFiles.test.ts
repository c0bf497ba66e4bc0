import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CertificateDirectoryError, readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { writePem } from '../../src/trust/pem.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-trust-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const FIRST = Uint8Array.of(0x30, 0x82, 0, 1, 1);
const SECOND = Uint8Array.of(0x30, 0x82, 0, 1, 2);

function put(name: string, content: Uint8Array | string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function read(): Promise<string[]> {
  const certificates = await readCertificateDirectory(directory);
  return certificates.map((der) => Buffer.from(der).toString('hex'));
}

test('PEM and DER files of any name are read, several certificates in one file too', async () => {
  put('a', FIRST);
  put('b.txt', `# roots\n${writePem(SECOND)}\n${writePem(FIRST)}`);
  expect(await read()).toEqual(['3082000101', '3082000102', '3082000101']);
});

test('whatever holds no certificate is passed over', async () => {
  put('README', 'nothing here');
  put('empty', '');
  put('broken.pem', '-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n');
  mkdirSync(join(directory, 'below.pem'));
  expect(await read()).toEqual([]);
});

test('a file of more than 1 MiB is passed over, one of 1 MiB is read', async () => {
  put('large.der', Buffer.concat([FIRST, new Uint8Array(1024 * 1024)]));
  expect(await read()).toEqual([]);
  put('largest.pem', writePem(SECOND) + ' '.repeat(1024 * 1024 - writePem(SECOND).length));
  expect(await read()).toEqual(['3082000102']);
});

test('a link counts for the file that it leads to, and links to nowhere, to themselves and to devices for nothing', async () => {
  mkdirSync(join(directory, 'elsewhere'));
  symlinkSync(put('elsewhere/first.der', FIRST), join(directory, 'link'));
  symlinkSync(join(directory, 'absent'), join(directory, 'dangling'));
  symlinkSync(join(directory, 'loop'), join(directory, 'loop'));
  symlinkSync('/dev/zero', join(directory, 'endless'));
  expect(await read()).toEqual(['3082000101']);
});

test('a pipe that nobody writes to does not hold it up', async () => {
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(directory, 'pipe')]);
  put('first', FIRST);
  expect(await read()).toEqual(['3082000101']);
});

test('a directory that is not there is an error, unless it may be absent', async () => {
  const absent = join(directory, 'absent');
  await expect(readCertificateDirectory(absent)).rejects.toThrow(CertificateDirectoryError);
  await expect(readCertificateDirectory(absent)).rejects.toThrow('cannot be read (ENOENT)');
  expect(await readCertificateDirectory(absent, { mayBeAbsent: true })).toEqual([]);
  const file = put('file', FIRST);
  await expect(readCertificateDirectory(file, { mayBeAbsent: true })).rejects.toThrow('cannot be read (ENOTDIR)');
});

test('a directory of more than 4,096 files is refused', async () => {
  for (let number = 0; number <= 4096; number++) put(String(number), '');
  await expect(read()).rejects.toThrow('more than 4096 files');
});
