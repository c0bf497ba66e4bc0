import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { startAzurite } from '../../src/dev/azurite.ts';
import { startStack } from '../../src/dev/stack.ts';
import type { Stack } from '../../src/dev/stack.ts';
import { meterSettings, readMeter } from '../bench/service/metered.ts';
import { startVault, VAULT_HOST, VAULT_TOKEN } from '../support/keyVault.ts';
import type { FakeVault } from '../support/keyVault.ts';
import { openFaultyWay } from './faultyWay.ts';
import type { FaultyWay } from './faultyWay.ts';

const FILES = resolve(import.meta.dirname, '../endToEnd');
const DAY = 24 * 60 * 60_000;

/** What `npm start` starts, from the bundle that is deployed, whose store and vault can be made to fail. */
export interface SoakStack {
  readonly stack: Stack;
  readonly way: FaultyWay;
  readonly vault: FakeVault;
  readonly restartStore: () => Promise<void>;
  /** Octets of the service's process in memory. */
  readonly readResident: () => Promise<number>;
}

export async function startSoakStack(): Promise<SoakStack> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-soak-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const dataDir = join(folder, 'rows');
  let azurite = await startAzurite({ dataDir });
  onTestFinished(() => azurite.stop());
  const way = await openFaultyWay(() => azurite.tablePort);
  const connectionString = azurite.connectionString.replace(`:${azurite.tablePort}/`, `:${way.port}/`);
  const vault = await startVault(VAULT_HOST);
  vault.addVersion({ created: Date.now() - DAY });
  const meter = join(folder, 'meter');
  const stack = await startStack({
    ...{ ports: { service: 0, imds: 0, table: 0 }, folder: join(folder, 'stack'), built: true },
    ...{ progress: () => undefined, imdsRateLimit: Infinity, store: { connectionString } },
    ...{ catalogueFile: join(FILES, 'catalogue.json'), vmFile: join(FILES, 'vms.json') },
    settings: { ...(await vaultSettings(vault, folder)), ...preload(meter) },
  });
  onTestFinished(() => stack.stop());
  const restartStore = async () => {
    await azurite.stop();
    azurite = await startAzurite({ dataDir });
  };
  const [pid = 0] = stack.processIds;
  return { stack, way, vault, restartStore, readResident: async () => (await readMeter(meter, pid)).resident };
}

/** What is loaded into the process before the service: the meter, and names of vaults that lead here. */
function preload(meter: string): Readonly<Record<string, string>> {
  const settings = meterSettings(meter);
  const names = new URL('vaultName.ts', import.meta.url).href;
  return { ...settings, NODE_OPTIONS: `${settings['NODE_OPTIONS'] ?? ''} --import=${names}` };
}

async function vaultSettings(vault: FakeVault, folder: string): Promise<Readonly<Record<string, string>>> {
  const certificates = join(folder, 'vault.pem');
  writeFileSync(certificates, vault.certificate);
  return {
    ...{ SIGNING_KEY_FILE: '', SIGNING_KEY_URL: vault.keyUrl },
    ...{ NODE_EXTRA_CA_CERTS: certificates, IDENTITY_ENDPOINT: await startIdentity(), IDENTITY_HEADER: 'of-the-soak' },
  };
}

/** The platform's token endpoint. */
async function startIdentity(): Promise<string> {
  const token = {
    access_token: VAULT_TOKEN,
    expires_on: `${Math.floor((Date.now() + DAY) / 1_000)}`,
    token_type: 'Bearer',
  };
  const server = createServer((_, response) => response.end(JSON.stringify(token)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`;
}
