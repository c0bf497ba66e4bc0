import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { SEAT_FAULTS } from '../support/seatFaults.ts';

/*
 * Puts one fault after another into a copy of the sources, and runs what is to find it: the histories, the interleavings, the
 * exhaustive search and the simulated month. A fault that none of them finds fails here. `npm run full` runs all; otherwise it
 * is only checked that each fault can be put in.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const CHECKS = [
  ...['seatHistories', 'seatInterleavings', 'seatModel'].map((name) => `test/seats/${name}.test.ts`),
  'test/usage/simulatedMonth.test.ts',
];
const isLong = process.env['SEAT_FAULTS'] === '1';

const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The sources with one text in place of another, which must be there once. */
function mutate(source: string, find: string, replace: string): string {
  expect(source.split(find)).toHaveLength(2);
  return source.replace(find, () => replace);
}

test.each(SEAT_FAULTS)('the fault can be put in: $name', ({ file, find, replace }) => {
  mutate(readFileSync(join(ROOT, file), 'utf8'), find, replace);
});

test.skipIf(!isLong).each(SEAT_FAULTS)('the fault is found: $name', ({ file, find, replace }) => {
  const copy = mkdtempSync(join(folder, 'copy-'));
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, file), mutate(readFileSync(join(copy, file), 'utf8'), find, replace));
  const env = { ...process.env, HISTORIES: '1', MEMORY_HISTORIES: '3000', INTERLEAVINGS: '600' };
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const ended = spawnSync(process.execPath, [vitest, 'run', '--bail=1', ...CHECKS], {
    cwd: copy,
    env,
    encoding: 'utf8',
  });
  expect(ended.error).toBeUndefined();
  // Not because something could not be loaded: a test failed.
  expect(ended.stdout).toMatch(/Tests .*\d+ failed/);
});

test.skipIf(!isLong)('without a fault nothing is found', () => {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const output = execFileSync(process.execPath, [vitest, 'run', ...CHECKS], { cwd: ROOT, encoding: 'utf8' });
  expect(output).toMatch(/Tests .*\d+ passed/);
});
