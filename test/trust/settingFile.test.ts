import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCertificateDirectory, readCertificateFile } from '../../src/trust/certificateFiles.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { writePem } from '../../src/trust/pem.ts';
import { readSettingFile } from '../../src/trust/settingFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-setting-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const file = join(folder, 'file');
const swap = (octets: Buffer) => octets.swap16();
const ENCODINGS: readonly (readonly [string, (text: string) => Buffer])[] = [
  ['UTF-8', (text) => Buffer.from(text)],
  ['UTF-8 with a mark', (text) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16 LE', (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16 LE with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16 BE', (text) => swap(Buffer.from(text, 'utf16le'))],
  ['UTF-16 BE with a mark', (text) => swap(Buffer.from(`\ufeff${text}`, 'utf16le'))],
];

test.each(ENCODINGS)('%s, whatever ends its lines', async (_, encode) => {
  const der = readNodeRoots()[0] ?? Buffer.alloc(0);
  for (const end of ['\n', '\r\n', '\r']) {
    writeFileSync(file, encode(`# café${end}${writePem(der).replaceAll('\n', end)}`));
    expect(readSettingFile(file)).toBe(`# café\n${writePem(der).trim()}`);
    expect(readCertificateFile(file)).toMatchObject([{ der }]);
    expect((await readCertificateDirectory(folder)).map((octets) => Buffer.from(octets))).toEqual([Buffer.from(der)]);
  }
});

test('what cannot be used is told by the name of the file, and nothing of it is', () => {
  const tell = (content: string | Buffer) => {
    writeFileSync(file, content);
    return () => readSettingFile(file);
  };
  expect(() => readSettingFile(join(folder, 'gone'))).toThrow(`${folder}/gone cannot be read (ENOENT). Check the path`);
  expect(() => readSettingFile(folder)).toThrow(`${folder} cannot be read (EISDIR).`);
  expect(tell(Buffer.from('caf\u00e9', 'latin1'))).toThrow(`${file} is neither UTF-8 nor UTF-16. Save it as UTF-8.`);
  expect(tell('{"kty": "EC",\r"d": "secret",\r"d": "other"}')).toThrow(
    `${file} cannot be read as JSON: line 3: the key "d" appears twice in one object. Remove one of the two.`,
  );
  expect(tell('{no JSON')()).toBe('{no JSON');
  writeFileSync(file, '');
  truncateSync(file, 1024 * 1024 + 1);
  expect(() => readSettingFile(file)).toThrow(`${file} is larger than 1 MiB. Check the path.`);
  expect(() => readSettingFile('/dev/zero')).toThrow('/dev/zero is larger than 1 MiB.');
});
