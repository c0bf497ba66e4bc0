import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { requireBuiltins } from '../../src/dev/requireBuiltins.ts';
import { writeApp } from './functionsHost/appFolder.ts';

/** @returns what the bundle of this source prints, as JSON */
async function runBundle(contents: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts' },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node', plugins: [requireBuiltins] },
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
  });
  const file = join(writeApp({}), 'bundle.mjs');
  writeFileSync(file, outputFiles[0]?.text ?? '');
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
}

const LIST = 'console.log(JSON.stringify([found, process.moduleLoadList]));';

test('of a module of Node only those members are read that are used', async () => {
  const [found, loaded] = (await runBundle(
    `import { isDeepStrictEqual } from 'node:util'; const found = isDeepStrictEqual([1], [1]); ${LIST}`,
  )) as [boolean, readonly string[]];
  expect(found).toBe(true);
  expect(loaded).toContain('NativeModule util');
  // The module of a member of node:util that nobody here uses.
  expect(loaded).not.toContain('NativeModule internal/util/trace_sigint');
});

test('a module of Node is imported by its members, as a whole, and later', async () => {
  const [found] = (await runBundle(
    `import path, { sep } from 'node:path'; import * as os from 'os';
    const { gzipSync } = await import('node:zlib');
    const found = [path.sep === sep, typeof os.hostname, typeof gzipSync]; ${LIST}`,
  )) as [unknown, unknown];
  expect(found).toEqual([true, 'function', 'function']);
});
