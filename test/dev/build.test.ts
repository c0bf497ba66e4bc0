import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { BuildError, buildPackage } from '../../src/dev/build.ts';
import { PROJECT, writeApp } from './functionsHost/appFolder.ts';
import { spawnHost } from './functionsHost/hostProcess.ts';

/** KB. This project's bundle, minified, without what is imported later; `npm run bench -- --start` bounds what a start reads. */
const BUNDLE_BOUND = 300;

/** KB. The second reader with its libraries, which is loaded after the first answer. */
const SECOND_READING_BOUND = 420;

const ENTRY = [
  `import { app } from '@azure/functions';`,
  `import type { HttpRequest } from '@azure/functions';`,
  `import facts from '../src/facts.json' with { type: 'json' };`,
  `const answer: string = await Promise.resolve(facts.answer);`,
  `app.http('answer', { authLevel: 'anonymous', methods: ['GET'], handler: (request: HttpRequest) => ({ body: answer + request.method }) });`,
].join('\n');

/** A project like this one, with two entry files. */
function writeProject(files: Readonly<Record<string, string>> = {}): string {
  return writeApp({
    'package.json': JSON.stringify({ name: 'project', version: '1.2.3', type: 'module', dependencies: { zod: '*' } }),
    'functions/answer.ts': ENTRY,
    'functions/other.ts': `import { app } from '@azure/functions'; app.get('other', () => ({ status: 204 }));`,
    'src/facts.json': '{ "answer": "from JSON " }',
    'certificates/a.cer': 'first',
    'certificates/b.cer': 'second',
    ...files,
  });
}

async function buildFails(root: string, certificates?: string): Promise<string> {
  const options = { root, outDir: join(root, 'out'), ...(certificates !== undefined && { certificates }) };
  const error: unknown = await buildPackage(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BuildError);
  return error instanceof BuildError ? error.message : '';
}

test('the package runs by itself, without node_modules', async () => {
  const root = writeProject();
  const outDir = join(root, 'dist/app');
  const { bundle, files } = await buildPackage({ root, outDir, certificates: join(root, 'certificates') });
  expect(files.map(({ path }) => path)).toEqual([
    'functions.mjs',
    'functions.mjs.LEGAL.txt',
    'host.json',
    'package.json',
    'trust/a.cer',
    'trust/b.cer',
  ]);
  expect(bundle).toBe(join(outDir, 'functions.mjs'));
  expect(JSON.parse(readFileSync(join(outDir, 'package.json'), 'utf8'))).toEqual({
    name: 'project',
    version: '1.2.3',
    private: true,
    type: 'module',
    main: 'functions.mjs',
  });
  // Away from the project, no package can be found but those in the bundle.
  const away = writeApp({});
  execFileSync('rm', [join(away, 'node_modules'), join(away, 'host.json'), join(away, 'package.json')]);
  execFileSync('cp', ['-r', outDir, join(away, 'package')]);
  const host = spawnHost(['--port', '0', '--root', join(away, 'package')]);
  const url = await host.url();
  expect(await (await fetch(`${url}/answer`)).text()).toBe('from JSON GET');
  expect((await fetch(`${url}/other`)).status).toBe(204);
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(0);
});

test('the library and one small function weigh less than 100 KB', async () => {
  const root = writeProject();
  const { files } = await buildPackage({ root, outDir: join(root, 'out') });
  const bundle = files.find(({ path }) => path === 'functions.mjs');
  expect(bundle?.bytes).toBeGreaterThan(10 * 1024);
  expect(bundle?.bytes).toBeLessThan(100 * 1024);
});

test.skipIf(globSync('functions/*.ts', { cwd: PROJECT }).length === 0)(
  `this project’s bundle weighs less than ${BUNDLE_BOUND} KB`,
  async () => {
    const { files } = await buildPackage({ outDir: join(writeApp({}), 'out') });
    const bundle = files.find(({ path }) => path === 'functions.mjs');
    expect(bundle?.bytes).toBeGreaterThan(100 * 1024);
    expect(bundle?.bytes).toBeLessThan(BUNDLE_BOUND * 1024);
    const secondReading = files.find(({ path }) => path === 'secondReading.mjs');
    expect(secondReading?.bytes).toBeGreaterThan(100 * 1024);
    expect(secondReading?.bytes).toBeLessThan(SECOND_READING_BOUND * 1024);
  },
);

test('what is imported later is a file of its own, and Node’s modules are required', async () => {
  const root = writeProject({
    'functions/answer.ts': `${ENTRY}
import { createServer } from 'node:http';
app.http('later', { authLevel: 'anonymous', methods: ['GET'], handler: async () => {
  const { TEXT } = await import('../src/later.ts');
  return { body: TEXT + typeof createServer };
} });`,
    'src/later.ts': `import { readFile } from 'node:fs/promises';\nexport const TEXT: string = 'loaded later ' + typeof readFile;`,
  });
  const { bundle, files } = await buildPackage({ root, outDir: join(root, 'out') });
  const text = readFileSync(bundle, 'utf8');
  expect(text).not.toContain('loaded later');
  expect(text.match(/\bfrom ?["']node:\w+["']/g)).toHaveLength(1);
  expect(files.filter(({ path }) => path.startsWith('later-'))).toHaveLength(1);
  const host = spawnHost(['--port', '0', '--root', join(root, 'out')]);
  expect(await (await fetch(`${await host.url()}/later`)).text()).toBe('loaded later functionfunction');
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(0);
});

test('the same sources give the same octets, and an earlier package is replaced', async () => {
  const root = writeProject();
  const outDir = join(root, 'out');
  const first = await buildPackage({ root, outDir, certificates: join(root, 'certificates') });
  const octets = readFileSync(first.bundle);
  const second = await buildPackage({ root, outDir });
  expect(readFileSync(second.bundle).equals(octets)).toBe(true);
  expect(existsSync(join(outDir, 'trust'))).toBe(false);
});

test('a folder with other things in it is left alone', async () => {
  const root = writeProject({ 'out/host.json': '{}', 'out/precious': '' });
  expect(await buildFails(root)).toMatch(/holds something else than an earlier package/);
  expect(existsSync(join(root, 'out/precious'))).toBe(true);
});

test('what is for development does not get into the bundle', async () => {
  const root = writeProject({
    'functions/answer.ts': `import '../src/dev/stub.ts';`,
    'src/dev/stub.ts': 'globalThis.stub = 1;',
  });
  expect(await buildFails(root)).toBe(
    'The entry files import what is not deployed: src/dev/stub.ts. Take those imports out.',
  );
});

test('a project without entry files is not built', async () => {
  const root = writeApp({});
  expect(await buildFails(root)).toMatch(/^There is no entry file in .*functions\. Add one\.$/);
});

test('a source that cannot be bundled fails the build with its place', async () => {
  const root = writeProject({ 'functions/other.ts': `import './gone.ts';` });
  await expect(buildPackage({ root, outDir: join(root, 'out') })).rejects.toThrow('functions/other.ts:1:7');
});

test('certificates must be there, and be files', async () => {
  const root = writeProject();
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'nested/folder'), { recursive: true });
  mkdirSync(join(root, 'linked'));
  writeFileSync(join(root, 'secret'), '');
  symlinkSync(join(root, 'secret'), join(root, 'linked/a.cer'));
  expect(await buildFails(root, join(root, 'gone'))).toMatch(
    /There is no folder .*gone\. Run "countersign trust sync" first\./,
  );
  expect(await buildFails(root, join(root, 'empty'))).toMatch(/is empty\. Run "countersign trust sync" first\./);
  expect(await buildFails(root, join(root, 'nested'))).toMatch(/folder is no file/);
  expect(await buildFails(root, join(root, 'linked'))).toMatch(/a\.cer is no file/);
});

test('the command explains what is wrong and ends with 1', () => {
  const folder = writeApp({ precious: '' });
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(PROJECT, 'src/dev/build.ts'), '--out', folder], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^(?:.* holds something else than an earlier package|There is no entry file)/);
});
