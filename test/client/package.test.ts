import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  await run(process.execPath, [TYPES, '-p', 'src/client/tsconfig.build.json', '--outDir', built], { cwd: ROOT });
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

/** The README's program, at home in this scene: its options name the scene's service, root and folder. */
async function readExample(scene: Scene): Promise<string> {
  const readme = await readFile(join(CLIENT, 'README.md'), 'utf8');
  const example = /```js\n([^`]*`[^`]*`[^`]*)```/.exec(readme)?.[1] ?? '';
  const lines = example.trim().split('\n');
  expect(lines.filter((line) => line !== '')).toHaveLength(9);
  const here = example
    .replace("'https://licences.contoso.com'", JSON.stringify(scene.service.issuer))
    .replace(/'[\w-]{43}'/, JSON.stringify(scene.service.roots[0]?.kid))
    .replace("'/var/lib/widget'", `${JSON.stringify(scene.folder)}, imdsUrl: ${JSON.stringify(scene.imds.url)}`);
  expect(here).toContain(scene.imds.url);
  expect(here).toContain(scene.service.roots[0]?.kid);
  return here;
}

const NODES = [process.execPath, ...(existsSync('/usr/bin/node') ? ['/usr/bin/node'] : [])];

test("the README's nine lines run with the package as it is published", async () => {
  const scene = await createScene();
  scene.time.now = Date.now();
  const folder = await installPackage();
  await writeFile(join(folder, 'main.mjs'), await readExample(scene));
  for (const node of NODES) {
    const { stdout, stderr } = await run(node, [join(folder, 'main.mjs')]);
    expect(stdout).toBe('Licensed for { nodes: 3, reports: true }\n');
    expect(stderr).toBe('');
  }
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
