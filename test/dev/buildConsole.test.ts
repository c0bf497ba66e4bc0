import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ConsoleBuildError, buildConsole } from '../../src/dev/buildConsole.ts';
import { PROJECT, writeApp } from './functionsHost/appFolder.ts';

/** KB, compressed. The contract of the console allows no more script. */
const SCRIPT_BOUND = 60;
/** KB, compressed. */
const STYLE_BOUND = 8;

const kilobytes = (text = '') => gzipSync(text).length / 1024;

test(`the console has at most ${SCRIPT_BOUND} KB of script, compressed, and the same sources give the same files`, async () => {
  const { files } = await buildConsole(PROJECT);
  expect(files.map(({ name }) => name)).toEqual([
    'index.html',
    expect.stringMatching(/^assets\/console\.[\w-]{10}\.js$/),
    expect.stringMatching(/^assets\/console\.[\w-]{10}\.css$/),
    expect.stringMatching(/^assets\/icon\.[\w-]{10}\.svg$/),
  ]);
  const [page, script, style] = files.map(({ body }) => body);
  expect(kilobytes(script)).toBeGreaterThan(2);
  expect(kilobytes(script)).toBeLessThan(SCRIPT_BOUND);
  expect(kilobytes(style)).toBeLessThan(STYLE_BOUND);
  for (const { name } of files.slice(1)) expect(page).toContain(`"/console/${name}"`);
  // What the security policy refuses, and what would load from elsewhere.
  expect(page).not.toMatch(/<style|style=| on\w+=|<script(?! type="module" src="\/console\/)|https?:/);
  expect(style).not.toMatch(/url\(|@import/);
  expect((await buildConsole(PROJECT)).files).toEqual(files);
});

/** A project with a console of its own. */
function writeConsole(main: string): string {
  const root = writeApp({
    'src/contract/operators/licence.ts': `import * as z from 'zod'; export const text = z.string();`,
  });
  const files = { 'main.tsx': main, 'index.html': 'console.js console.css icon.svg', 'style.css': '', 'icon.svg': '' };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'src/console', name)), { recursive: true });
    writeFileSync(join(root, 'src/console', name), text);
  }
  return root;
}

test('schemas do not get into the browser, only their types', async () => {
  const root = writeConsole(`import { text } from '../contract/operators/licence.ts'; console.log(text);`);
  const error: unknown = await buildConsole(root).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConsoleBuildError);
  expect(String(error)).toContain('src/contract/operators/licence.ts');
  const types = `import type { text } from '../contract/operators/licence.ts'; export type Text = typeof text;`;
  expect((await buildConsole(writeConsole(types))).files).toHaveLength(4);
});
