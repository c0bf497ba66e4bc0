import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFunctionsHost } from '../../src/dev/functionsHost/createFunctionsHost.ts';
import { listPlaces, readDocument } from './document.ts';

const EMPTY_ROUTE = '{ignored:maxlength(0)?}';

/** None of these is used: nothing is asked of the store or the directory by a start. */
function settings(): Record<string, string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    ISSUER: 'http://127.0.0.1:7071',
    TABLES_CONNECTION_STRING:
      'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a',
    SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    CHALLENGE_SECRETS: `test:${'A'.repeat(43)}`,
    ENTRA_TENANT: 'aaaaaaaa-0000-4000-8000-000000000001',
    ENTRA_AUDIENCE: 'bbbbbbbb-0000-4000-8000-000000000001',
  };
}

test('the host registers the routes that are described, each GET with its HEAD', async () => {
  const host = createFunctionsHost({ root: resolve(import.meta.dirname, '../..'), env: settings() });
  await host.start();
  const listening = await host.listen(0);
  onTestFinished(() => listening.close());
  const registered = host.functions
    .filter(({ trigger }) => trigger === 'http')
    .map(({ methods, route = '' }) => `${methods.join()} /${route.replace('{*', '{').replace(EMPTY_ROUTE, '')}`);
  const described = listPlaces(await readDocument(listening.url)).map(
    ({ method, path }) => `${method === 'GET' ? 'GET,HEAD' : method} ${path}`,
  );
  expect(registered.length).toBeGreaterThan(30);
  expect(registered.sort()).toEqual(described.sort());
});
