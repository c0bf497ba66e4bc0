import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build, stop as stopEsbuild } from 'esbuild';
import { buildPackage } from '../../../src/dev/build.ts';
import { readOrMakeKey } from '../../../src/dev/keptKeys.ts';
import type { BenchOptions } from '../options.ts';
import type { Import } from './importProcess.ts';

/** What a start loads: each import is in a process of its own, and an app that does nothing takes turns with the service. */

const ROOT = resolve(import.meta.dirname, '../../..');
const PROCESS = join(import.meta.dirname, 'importProcess.ts');

export interface StartFigures {
  /** An app of one function that answers nothing. */
  readonly empty: readonly Import[];
  /** With keys in settings, as `npm start` has them. */
  readonly settings: readonly Import[];
  /** With the managed identity and the vault, as the template deploys it. */
  readonly vault: readonly Import[];
}

export async function measureStart({ rounds }: BenchOptions): Promise<StartFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-start-'));
  try {
    const { bundle: service } = await buildPackage({ outDir: join(folder, 'service') });
    const { bundle: nothing } = await buildPackage({ outDir: join(folder, 'empty'), root: writeEmptyApp(folder) });
    const importer = join(folder, 'importProcess.mjs');
    await build({ entryPoints: [PROCESS], outfile: importer, format: 'esm', platform: 'node', target: 'node24' });
    await stopEsbuild();
    const importOnce = createImporter(importer);
    const { settings, vault } = await writeSettings(folder);
    const figures = { empty: [] as Import[], settings: [] as Import[], vault: [] as Import[] };
    for (let round = 0; round < rounds; round += 1) {
      figures.empty.push(await importOnce(nothing, {}));
      figures.settings.push(await importOnce(service, settings));
      figures.vault.push(await importOnce(service, vault));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const EMPTY_APP = `import { app } from '@azure/functions';
app.http('nothing', { route: 'nothing', authLevel: 'anonymous', handler: () => ({ status: 204 }) });
`;

/** @returns the project's folder */
function writeEmptyApp(folder: string): string {
  const root = join(folder, 'source');
  mkdirSync(join(root, 'functions'), { recursive: true });
  for (const name of ['host.json', 'package.json']) copyFileSync(join(ROOT, name), join(root, name));
  writeFileSync(join(root, 'functions/nothing.ts'), EMPTY_APP);
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
  return root;
}

type Settings = Readonly<Record<string, string>>;

const UUID = '5d3f7c1e-9a40-4c57-8b6e-2f10d3a4b5c6';

/** No request is made while the app is imported. */
async function writeSettings(folder: string): Promise<Readonly<Record<'settings' | 'vault', Settings>>> {
  const [signingKey, rootKey] = [join(folder, 'signing-key.pem'), join(folder, 'root-key.pem')];
  await Promise.all([readOrMakeKey(signingKey), readOrMakeKey(rootKey)]);
  const common = {
    ISSUER: 'https://licences.example',
    CHALLENGE_SECRETS: `bench:${randomBytes(32).toString('base64url')}`,
    ...{ ENTRA_TENANT: UUID, ENTRA_AUDIENCE: 'api://countersign' },
  };
  return {
    settings: {
      ...{ ...common, SIGNING_KEY_FILE: signingKey, ROOT_KEY_FILE: rootKey },
      TABLES_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=bench;AccountKey=${randomBytes(32).toString('base64')};TableEndpoint=http://127.0.0.1:1/bench`,
    },
    vault: {
      ...{ ...common, TABLES_ENDPOINT: 'https://bench.table.example', AZURE_CLIENT_ID: UUID },
      SIGNING_KEY_URL: 'https://vault.example/keys/signing',
      ROOT_KEY_URL: 'https://vault.example/keys/root',
      ...{ IDENTITY_ENDPOINT: 'http://127.0.0.1:1/msi/token', IDENTITY_HEADER: UUID },
    },
  };
}

const run = promisify(execFile);

function createImporter(program: string) {
  return async (bundle: string, env: Settings): Promise<Import> => {
    const { stdout } = await run(process.execPath, [program, bundle], { env });
    return JSON.parse(stdout) as Import;
  };
}
