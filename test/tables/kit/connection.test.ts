import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';

/** A store at this machine's loopback address that sends everybody elsewhere, and notes who asked. */
async function startRedirecting() {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.writeHead(307, { Location: `http://${request.headers.host ?? ''}/elsewhere` }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=c2VjcmV0;TableEndpoint=${url}`;
  return { asked, store: createTablesStore({ connection: { connectionString } }) };
}

test('the store answers where it was asked: a redirect is a failure, and is not followed', async () => {
  const { asked, store } = await startRedirecting();
  await expect(store.readLicence('any')).rejects.toThrow(StoreUnavailableError);
  expect(asked.map(({ url = '' }) => url).filter((url) => url.includes('elsewhere'))).toEqual([]);
});

test('a request has the headers that the store needs, and no more that cost something', async () => {
  const { asked, store } = await startRedirecting();
  await store.readLicence('any').catch(() => undefined);
  const [{ headers } = { headers: {} }] = asked;
  expect(headers).toMatchObject({ authorization: expect.stringContaining('SharedKey') as unknown });
  expect(headers).toHaveProperty('x-ms-client-request-id');
  expect(Object.keys(headers).filter((name) => /^(?:traceparent|accept-encoding|user-agent)$/.test(name))).toEqual([]);
});
