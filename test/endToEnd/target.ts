import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startStack } from '../../src/dev/stack.ts';
import { applyCatalogue } from '../support/applyCatalogue.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createTestTables } from '../support/azurite.ts';
import type { TestTables } from '../support/azurite.ts';
import { runKeys } from '../support/runKeys.ts';
import { send } from './protocolClient.ts';

/**
 * What the black-box suite runs against. By itself it starts everything on this machine. With `BASE_URL` it runs against
 * whatever is there, and then
 *
 * - `TABLES_CONNECTION_STRING` is that service's store: the suite applies `catalogue.json` to it;
 * - `IMDS_URL` is an emulator that the service pins, started with `countersign imds --vms test/endToEnd/vms.json`.
 *
 * Without these two, the cases that need a VM are skipped. `TARGET_PACKAGE` is the folder of an unpacked package, which is
 * then started instead of the sources.
 */
export interface Target {
  readonly baseUrl: string;
  readonly issuer: string;
  readonly imdsUrl: string;
  /** All instances of the service; only one where it is foreign. */
  readonly baseUrls: readonly string[];
  /** Of the service; null where it is not known. */
  readonly store: TestTables | null;
}

const { TARGET_BASE_URL, TABLES_CONNECTION_STRING, IMDS_URL } = process.env;
const BASE_URL = TARGET_BASE_URL === '' ? undefined : TARGET_BASE_URL;

/** Whether the cases that need the store and an emulator can run. */
export const hasVms = BASE_URL === undefined || (TABLES_CONNECTION_STRING !== undefined && IMDS_URL !== undefined);
/** Whether the suite may start what it wants: two instances, for one. */
export const isOwn = BASE_URL === undefined;

const CATALOGUE = join(import.meta.dirname, 'catalogue.json');
const VMS = join(import.meta.dirname, 'vms.json');

/** Starts, or finds, the target before the tests of the file that calls this at its top. */
export function useTarget(): () => Target {
  let target: Target | undefined;
  let stop = () => Promise.resolve();
  beforeAll(async () => {
    const running = BASE_URL === undefined ? await startOwn() : await findForeign(BASE_URL);
    target = running.target;
    stop = running.stop;
  });
  afterAll(() => stop());
  return () => {
    if (target === undefined) throw new Error('The target runs only while tests do.');
    return target;
  };
}

async function startOwn() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
  const { TARGET_PACKAGE } = process.env;
  const stack = await startStack({
    ports: { service: 0, imds: 0, table: 0 },
    folder: join(folder, 'stack'),
    catalogueFile: CATALOGUE,
    vmFile: VMS,
    instances: 2,
    progress: () => undefined,
    store: createTestTables(),
    keys: runKeys('emulator'),
    imdsRateLimit: Infinity,
    ...(TARGET_PACKAGE !== undefined && { app: TARGET_PACKAGE }),
  });
  const { serviceUrl: baseUrl, serviceUrls: baseUrls, imdsUrl, connectionString, tablePrefix } = stack;
  const stop = async () => {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { target: { baseUrl, issuer: baseUrl, imdsUrl, baseUrls, store: { connectionString, tablePrefix } }, stop };
}

async function findForeign(baseUrl: string) {
  const { body } = await send(`${baseUrl}/.well-known/countersign`);
  if (TABLES_CONNECTION_STRING !== undefined) {
    const store = createTablesStore({ connection: { connectionString: TABLES_CONNECTION_STRING } });
    const change = { by: 'black-box suite', at: Date.now() };
    await applyCatalogue(store, parseCatalogue(JSON.parse(await readFile(CATALOGUE, 'utf8'))), { change });
  }
  const target = {
    ...{ baseUrl, issuer: String(body['issuer']), imdsUrl: IMDS_URL ?? '', baseUrls: [baseUrl] },
    store:
      TABLES_CONNECTION_STRING === undefined ? null : { connectionString: TABLES_CONNECTION_STRING, tablePrefix: '' },
  };
  return { target, stop: () => Promise.resolve() };
}
