import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PACKAGES, packPackage } from '../../../src/dev/packages/pack.ts';
import type { PackedPackage } from '../../../src/dev/packages/pack.ts';
import { runsPrograms } from '../../support/programs.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const TYPES = 'node_modules/typescript/bin/tsc';
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

/** Folders whose sources the command line may bring with it. */
const OF_THE_COMMAND_LINE = [
  'cli',
  'contract',
  'verifier',
  'trust',
  'tokens',
  'emulator',
  'client',
  'catalogue',
  'backup',
];

/** What still comes in beside them: the import rules know them too. Nothing is added here. */
const STILL: readonly string[] = ['src/cli/store.ts', 'src/operators/licenceFile.ts', 'src/app/baseUrl.ts'];

/** Sources that the entry loads, or may load on demand. */
function reach(inputs: PackedPackage['inputs'], entry: string): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const next of inputs[path] ?? []) if (!STILL.includes(next)) found.add(next);
  }
  return found;
}

test('every package has the version and the Node of the project, its documents, and a name of its own', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, unknown>;
  const { version, engines, license } = read('package.json');
  const manifests = PACKAGES.map((source) => read(`${source.folder}/package.json`));
  for (const manifest of manifests) expect(manifest).toMatchObject({ version, engines, license });
  expect(manifests.map(({ name }) => name)).toEqual(['countersign', '@countersign/client', '@countersign/verifier']);
});

test('the command line is packed without problems: one program, what it loads on demand, and its documents', async () => {
  const source = PACKAGES.find(({ folder }) => folder === 'src/cli') ?? { folder: '' };
  const { files, inputs, problems } = await packPackage(source, folder);
  expect(problems).toEqual([]);
  expect(files).toContain('dist/main.js');
  const others = files.filter((path) => !/^dist\/[\w-]+-[0-9A-Z]{8}\.js$/.test(path));
  expect(others).toEqual([
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.txt'],
    ...['dist/main.js', 'package.json'],
  ]);
  const sources = [...reach(inputs, 'src/cli/main.ts')];
  expect(sources).toContain('src/emulator/server/startEmulator.ts');
  const folders = new Set(sources.map((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? path.split('/')[0]));
  const strays = [...folders].filter((name) => name !== 'node_modules' && !OF_THE_COMMAND_LINE.includes(name ?? ''));
  expect(strays).toEqual([]);
});

test.skipIf(!runsPrograms)(
  'the sources of the command line use nothing that Node 20 does not have, as far as its language goes',
  () => {
    const project = join(ROOT, 'src/cli/tsconfig.build.json');
    const { status, stdout } = spawnSync(process.execPath, [join(ROOT, TYPES), '-p', project], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  },
);

test('the client is packed without problems, and holds nothing but its build and its documents', async () => {
  const { files, problems } = await packPackage({ folder: 'src/client' }, folder);
  expect(problems).toEqual([]);
  expect(files).toContain('dist/client/index.js');
  const others = files.filter((path) => !/^dist\/(?:client|contract)\/.+\.(?:js|d\.ts)$/.test(path));
  expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  expect(existsSync(join(ROOT, 'src/client/dist'))).toBe(false);
});

test('a package that is right has no problems', async () => {
  const exports = { '.': { types: './index.d.ts', default: './index.js' } };
  const packed = await packPackage({ folder: writePackage('right', GOOD, exports) }, folder);
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
])('%s is found', async (what, files, exports, words) => {
  const source = { folder: writePackage(what.replaceAll(' ', '-'), files, exports) };
  const { problems } = await packPackage(source, folder);
  expect(problems.join('\n')).toContain(words);
});

test('a folder that cannot be packed is named', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await expect(packPackage({ folder: empty }, folder)).rejects.toThrow(join(empty, 'package.json'));
});
