import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPackage } from '../../src/dev/packages/pack.ts';
import { readAnswers } from '../support/imdsAnswers.ts';
import { createFolder, createScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'src/client');
const run = promisify(execFile);

const TYPES = 'node_modules/typescript/bin/tsc';

/** The package's build. It takes seconds, so it is made once. */
let built = '';

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'countersign-client-build-'));
  buildPackage(CLIENT, built);
});

afterAll(() => rm(built, { recursive: true }));

/** Puts the package as it is published into the node_modules of a program that has nothing else. */
async function installPackage(): Promise<string> {
  const folder = await createFolder();
  const target = join(folder, 'node_modules/@countersign/client');
  await mkdir(target, { recursive: true });
  await cp(built, join(target, 'dist'), { recursive: true });
  await copyFile(join(CLIENT, 'package.json'), join(target, 'package.json'));
  return folder;
}

/** The README's programs that begin with an import, in their order. */
async function readPrograms(): Promise<readonly string[]> {
  const readme = await readFile(join(CLIENT, 'README.md'), 'utf8');
  return [...readme.matchAll(/```js\n(import [^]*?)```/g)].map(([, program = '']) => program);
}

/** A program of the README, at home in this scene: its options name the scene's service, root and folder. */
function moveTo(scene: Scene, program: string): string {
  const here = program
    .replace("'https://licences.contoso.com'", JSON.stringify(scene.service.issuer))
    .replace(/'[\w-]{43}'/, JSON.stringify(scene.service.roots[0]?.kid))
    .replace("'/var/lib/widget'", `${JSON.stringify(scene.folder)}, imdsUrl: ${JSON.stringify(scene.imds.url)}`);
  expect(here).toContain(scene.imds.url);
  expect(here).toContain(scene.service.roots[0]?.kid);
  return here;
}

const NODES = [process.execPath, ...(existsSync('/usr/bin/node') ? ['/usr/bin/node'] : [])];

/** What a program prints with the package as it is published, under each Node. */
async function runAsPublished(scene: Scene, program: string): Promise<ReadonlySet<string>> {
  const folder = await installPackage();
  await writeFile(join(folder, 'main.mjs'), moveTo(scene, program));
  const printed = new Set<string>();
  for (const node of NODES) {
    const { stdout, stderr } = await run(node, [join(folder, 'main.mjs')]);
    expect(stderr).toBe('');
    printed.add(stdout);
  }
  return printed;
}

test("the README's nine lines run with the package as it is published", async () => {
  const scene = await createScene();
  scene.time.now = Date.now();
  const [program = ''] = await readPrograms();
  expect(program.split('\n').filter((line) => line !== '')).toHaveLength(9);
  expect(await runAsPublished(scene, program)).toEqual(new Set(['Licensed for { nodes: 3, reports: true }\n']));
});

test("the README's program that reads metadata runs with the package as it is published", async () => {
  const scene = await createScene();
  const recorded = readAnswers('negasonic').get('2025-04-07');
  scene.imds.bodies.set('/metadata/instance', JSON.stringify(recorded));
  const [, program = ''] = await readPrograms();
  const printed = 'Standard_A1_v2 centralus lampstack Test\n10.1.0.4 30\n';
  expect(await runAsPublished(scene, program)).toEqual(new Set([printed]));
});

test("the package's types hold up a program that is checked strictly", async () => {
  const folder = await installPackage();
  const [, program = ''] = await readPrograms();
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'main.ts'), `${program}\nexport const zone: string | undefined = compute.zone;\n`);
  await writeFile(join(folder, 'wrong.ts'), `${program}\nexport const zone: number = compute.zone;\n`);
  const check = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noPropertyAccessFromIndexSignature'];
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types'), '--module', 'nodenext'];
  const args = [join(ROOT, TYPES), ...check, ...types, '--target', 'es2023', 'main.ts', 'wrong.ts'];
  await expect(run(process.execPath, args, { cwd: folder })).rejects.toMatchObject({
    stdout: expect.stringMatching(/^wrong\.ts[^\n]*TS2322[^\n]*\n(?: [^\n]*\n)*$/) as string,
  });
});

test('the package is small', async () => {
  const folder = await installPackage();
  const target = join(folder, 'node_modules/@countersign/client');
  for (const name of ['README.md', 'CHANGELOG.md']) await copyFile(join(CLIENT, name), join(target, name));
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: target });
  const [packed] = JSON.parse(stdout) as { size: number; files: { path: string }[] }[];
  expect(packed?.size).toBeLessThanOrEqual(100 * 1024);
  expect(packed?.files.map(({ path }) => path)).toContain('dist/client/index.d.ts');
});
