/*
 * Installs the tarballs of `npm run packages` into an empty folder, as a vendor would, and runs what they promise with the
 * Node that runs this file: `npm run packages && node test/packages/smoke.mjs`. Plain JavaScript, because that Node may be
 * the oldest one that the packages promise.
 */
import { strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const TARBALLS = resolve(import.meta.dirname, '../../dist/packages');

/** A program for each package; it prints `ok`. */
const PROGRAMS = {
  '@countersign/client': `
    import { checkLicence } from '@countersign/client';
    console.log(typeof checkLicence === 'function' ? 'ok' : 'no checkLicence');
  `,
};

const folder = mkdtempSync(join(tmpdir(), 'countersign-smoke-'));
try {
  const tarballs = readdirSync(TARBALLS).filter((name) => name.endsWith('.tgz'));
  strictEqual(tarballs.length, Object.keys(PROGRAMS).length, 'run npm run packages first');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  // On Windows npm is a command for a shell. The one argument that is not constant is a path that this file chose.
  const paths = tarballs.map((name) => JSON.stringify(join(TARBALLS, name))).join(' ');
  execFileSync(`npm install --no-audit --no-fund ${paths}`, { cwd: folder, stdio: 'inherit', shell: true });
  for (const [name, program] of Object.entries(PROGRAMS)) {
    writeFileSync(join(folder, 'program.mjs'), program);
    const printed = execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
    strictEqual(printed.trim(), 'ok', name);
    process.stdout.write(`${name} runs on Node ${process.version}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
