import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createFolder, createScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'src/client');
const run = promisify(execFile);

/** Compiles the package as it is published, into the node_modules of a program that has nothing else but jose. */
async function installPackage(): Promise<string> {
  const folder = await createFolder();
  const target = join(folder, 'node_modules/@countersign/client');
  await mkdir(target, { recursive: true });
  const compile = [
    'node_modules/typescript/bin/tsc',
    '-p',
    'src/client/tsconfig.build.json',
    '--outDir',
    join(target, 'dist'),
  ];
  await run(process.execPath, compile, { cwd: ROOT });
  await copyFile(join(CLIENT, 'package.json'), join(target, 'package.json'));
  await symlink(join(ROOT, 'node_modules/jose'), join(folder, 'node_modules/jose'));
  return folder;
}

/** The README's program, at home in this scene: its three options name the scene's service, product and folder. */
async function readExample(scene: Scene): Promise<string> {
  const readme = await readFile(join(CLIENT, 'README.md'), 'utf8');
  const example = /```js\n([^`]*`[^`]*`[^`]*)```/.exec(readme)?.[1] ?? '';
  expect(
    example
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
  ).toHaveLength(8);
  const here = example
    .replace("'https://licences.contoso.com'", JSON.stringify(scene.service.issuer))
    .replace("'/var/lib/widget'", `${JSON.stringify(scene.folder)}, imdsUrl: ${JSON.stringify(scene.imds.url)}`);
  expect(here).toContain(scene.imds.url);
  return here;
}

test("the README's eight lines run with the package as it is published", async () => {
  const scene = await createScene();
  scene.time.now = Date.now();
  const folder = await installPackage();
  await writeFile(join(folder, 'main.mjs'), await readExample(scene));
  const { stdout, stderr } = await run(process.execPath, [join(folder, 'main.mjs')]);
  expect(stdout).toBe('Licensed for { nodes: 3, reports: true }\n');
  expect(stderr).toBe('');
});
