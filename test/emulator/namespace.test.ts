import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runsPrograms } from '../support/programs.ts';
import { missingDotnet, runDotnet } from './dotnet/clients.ts';
import { Namespace } from './namespace.ts';

/* Clients that know no other address than that of IMDS find the emulator there. */

const URL = 'http://169.254.169.254';

const namespace = runsPrograms ? new Namespace('clients') : null;
const absent = namespace === null ? 'npm run check runs it' : namespace.absent;
// The reporter shows that tests are skipped, but not why.
if (absent !== null) process.stderr.write(`test/emulator/namespace.test.ts is skipped: ${absent}\n`);

const folder = mkdtempSync(join(tmpdir(), 'countersign-namespace-'));
let announced = '';

beforeAll(async () => {
  if (absent === null) announced = (await namespace?.startEmulator()) ?? '';
});
afterAll(async () => {
  await namespace?.close();
  rmSync(folder, { recursive: true });
});

/** What a program of a few lines prints, as JSON. */
async function runInside(source: string): Promise<unknown> {
  const outcome = await namespace?.run([process.execPath, '--input-type=module', '--eval', source]);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(outcome?.stdout ?? '');
}

test.skipIf(absent !== null)('it answers at the address and port of IMDS', async () => {
  expect(JSON.parse(announced)).toMatchObject({ url: URL });
  const path = '/metadata/instance/compute/vmId?api-version=2021-08-01&format=text';
  const source = `
    const answer = await fetch('${URL}${path}', { headers: { Metadata: 'true' } });
    console.log(JSON.stringify(await answer.text()));`;
  expect(await runInside(source)).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
});

test.skipIf(absent !== null)('DefaultAzureCredential of @azure/identity finds it there', async () => {
  const source = `
    import { DefaultAzureCredential } from '@azure/identity';
    const found = await new DefaultAzureCredential().getToken('https://vault.azure.net/.default');
    console.log(JSON.stringify(found.token));`;
  const token = decodeJwt((await runInside(source)) as string);
  expect(token).toMatchObject({ iss: `${URL}/identity`, aud: 'https://vault.azure.net' });
});

const withoutDotnet = absent ?? missingDotnet();

test.skipIf(withoutDotnet !== null)('DefaultAzureCredential of .NET finds it there', async () => {
  const { code, stdout, stderr } = await runDotnet(['token'], { HOME: folder }, namespace?.inside);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { token } = JSON.parse(stdout) as { token: string };
  expect(decodeJwt(token)).toMatchObject({ iss: `${URL}/identity`, aud: 'https://vault.azure.net' });
});
