import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packPackage } from '../../src/dev/packages.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'countersign-packages-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function writePackage(name: string, files: Readonly<Record<string, string>>, exports: unknown): string {
  const target = join(folder, name);
  mkdirSync(target);
  const manifest = { name, version: '1.0.0', type: 'module', license: 'MIT', files: Object.keys(files), exports };
  writeFileSync(join(target, 'package.json'), JSON.stringify(manifest));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(target, path), text);
  return target;
}

const GOOD = { 'index.js': 'export const one = 1;\n', 'index.d.ts': 'export declare const one: number;\n' };

test('the client is packed without problems, and holds nothing but its build and its documents', () => {
  const { files, problems } = packPackage(join(ROOT, 'src/client'), folder);
  expect(problems).toEqual([]);
  expect(files).toContain('dist/client/index.js');
  const others = files.filter((path) => !/^dist\/(?:client|contract)\/.+\.(?:js|d\.ts)$/.test(path));
  expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  expect(existsSync(join(ROOT, 'src/client/dist'))).toBe(false);
});

test('a package that is right has no problems', () => {
  const exports = { '.': { types: './index.d.ts', default: './index.js' } };
  const packed = packPackage(writePackage('right', GOOD, exports), folder);
  expect(packed).toMatchObject({ problems: [], files: ['LICENSE', 'index.d.ts', 'index.js', 'package.json'] });
});

test.each([
  ['a file that is not there', GOOD, { '.': { types: './index.d.ts', default: './gone.js' } }, 'gone.js'],
  ['types after the code', GOOD, { '.': { default: './index.js', types: './index.d.ts' } }, 'types'],
  [
    'types that lead nowhere',
    { ...GOOD, 'index.d.ts': "export * from './gone';\n" },
    { '.': { types: './index.d.ts', default: './index.js' } },
    'Internal resolution error',
  ],
])('%s is found', (what, files, exports, words) => {
  const { problems } = packPackage(writePackage(what.replaceAll(' ', '-'), files, exports), folder);
  expect(problems.join('\n')).toContain(words);
});

test('a folder that cannot be packed is named', () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  expect(() => packPackage(empty, folder)).toThrow(`npm run failed in ${empty}`);
});
