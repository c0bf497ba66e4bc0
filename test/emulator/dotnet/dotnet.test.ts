import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmulator, type StartedEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { runKeys } from '../../support/runKeys.ts';
import { missingDotnet, runDotnet } from './clients.ts';

const absent = missingDotnet();
// The reporter shows that tests are skipped, but not why.
if (absent !== null) process.stderr.write(`test/emulator/dotnet/dotnet.test.ts is skipped: ${absent}\n`);

const folder = mkdtempSync(join(tmpdir(), 'countersign-dotnet-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let emulator: StartedEmulator | undefined;

// .NET checks times by the machine's clock, so these documents are made by it too.
beforeAll(async () => {
  if (absent === null) emulator = await startEmulator({ port: 0, keys: runKeys('emulator'), rateLimit: Infinity });
});
afterAll(() => emulator?.close());

/** Trust in the roots that is one process's own, and caches that are this test's own. */
function trusting(pem: string): Record<string, string> {
  writeFileSync(join(folder, 'roots.pem'), pem);
  return { HOME: folder, SSL_CERT_FILE: join(folder, 'roots.pem'), SSL_CERT_DIR: join(folder, 'none') };
}

async function checkDocument(pem: string): Promise<unknown> {
  const { code, stdout, stderr } = await runDotnet(['document', emulator?.url ?? ''], trusting(pem));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

const ISSUED = ['metadata.emulator.test', 'Countersign Emulator Issuing CA 01', 'Countersign Emulator Root'];

test.skipIf(absent !== null)(
  'X509Chain builds the path with its default revocation check, the root alone trusted',
  async () => {
    const found = await checkDocument(emulator?.authority.root.pem ?? '');
    expect(found).toMatchObject({ isBuilt: true, problems: [], revocation: 'Online ExcludeRoot', names: ISSUED });
    const { content } = found as { content: string };
    expect(JSON.parse(content)).toMatchObject({ nonce: '1234567890' });
  },
);

test.skipIf(absent !== null)('it finds the longer path where the second root is the one that is trusted', async () => {
  const found = await checkDocument(emulator?.authority.secondRoot.pem ?? '');
  expect(found).toMatchObject({ isBuilt: true, names: [...ISSUED, 'Countersign Emulator Second Root'] });
});

test.skipIf(absent !== null)('without trust there is no path', async () => {
  expect(await checkDocument('')).toMatchObject({ isBuilt: false });
});

test.skipIf(absent !== null)('DefaultAzureCredential gets a token of a managed identity', async () => {
  const url = emulator?.url ?? '';
  // Its chain of credentials asks 169.254.169.254 alone whether there is an IMDS; the managed identity by itself does not ask.
  const env = {
    HOME: folder,
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    AZURE_POD_IDENTITY_AUTHORITY_HOST: url,
  };
  const { code, stdout, stderr } = await runDotnet(['token'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { token } = JSON.parse(stdout) as { token: string };
  expect(decodeJwt(token)).toMatchObject({ iss: `${url}/identity`, aud: 'https://vault.azure.net' });
});
