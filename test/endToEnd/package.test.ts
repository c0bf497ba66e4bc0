import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageApp } from '../../src/dev/appPackage/packageApp.ts';
import { PROJECT } from '../dev/functionsHost/appFolder.ts';
import { runsPrograms } from '../support/programs.ts';
import { AT, CLOUD, createPki, publishedManifestOf } from '../trust/pki.ts';

/**
 * The black-box suite once more, on what `npm run package` makes: unpacked away from this project, under the local host,
 * which keeps the worker's rules. It takes as long as the suite itself, so it is part of `npm run check`.
 */
const folder = mkdtempSync(join(tmpdir(), 'countersign-zip-'));
const unpacked = join(folder, 'wwwroot');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function packageAndUnpack(): Promise<void> {
  const pki = await createPki();
  const from = join(folder, 'certificates');
  mkdirSync(from);
  for (const { facts, der } of pki.certificates) writeFileSync(join(from, `${facts.sha256}.cer`), der);
  const manifests = [publishedManifestOf(pki, () => [])];
  const certificates = { manifests, clouds: [CLOUD], at: AT, nodeRoots: [], from };
  const { products } = await packageApp({ root: PROJECT, outDir: join(folder, 'dist'), certificates });
  for (const [path, octets] of Object.entries(unzipSync(readFileSync(products[0]?.path ?? '')))) {
    mkdirSync(dirname(join(unpacked, path)), { recursive: true });
    writeFileSync(join(unpacked, path), octets);
  }
}

function digestFiles(): readonly string[] {
  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => hash('sha256', readFileSync(join(parentPath, name)), 'hex')).sort();
}

describe.skipIf(!runsPrograms)('the unpacked zip', async () => {
  let before: readonly string[];
  beforeAll(async () => {
    await packageAndUnpack();
    before = digestFiles();
    process.env['TARGET_PACKAGE'] = unpacked;
  });

  await import('./http.test.ts');

  test('writes nothing into its own folder, which Azure mounts to be read alone', () => {
    expect(before.length).toBeGreaterThan(5);
    expect(digestFiles()).toEqual(before);
  });
});
