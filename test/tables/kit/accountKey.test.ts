import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectTable } from '../../../src/tables/kit/connection.ts';
import { readAccount } from '../../../src/tables/kit/connectionString.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** A store that answers nothing useful, and notes how it was asked. */
async function startNoting() {
  const asked: Asked[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    asked.push({ method, url, headers });
    response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const key = Buffer.from('the key of an account').toString('base64');
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${key};TableEndpoint=http://127.0.0.1:${port}/account`;
  return { asked, connectionString };
}

const ROW = { partitionKey: 'o’Neil & co', rowKey: 'a:b c+d' };

async function askAll(table: TableClient): Promise<void> {
  const asks: readonly (() => Promise<unknown>)[] = [
    () => table.getEntity(ROW.partitionKey, ROW.rowKey),
    () => table.updateEntity({ ...ROW, text: 'é' }, 'Replace', { etag: '*' }),
    () => table.listEntities({ queryOptions: { filter: "PartitionKey eq 'ü'", select: ['rowKey'] } }).next(),
    () => table.submitTransaction([['create', ROW]]),
    () => table.getAccessPolicy(),
  ];
  for (const ask of asks) await ask().catch(() => undefined);
}

test('signs every request as the client does', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 29) });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { asked, connectionString } = await startNoting();
  await askAll(TableClient.fromConnectionString(connectionString, 'rows', { allowInsecureConnection: true }));
  const ofClient = asked.splice(0);
  await askAll(connectTable('rows', { connection: { connectionString } }));
  const signed = ({ method, url, headers }: Asked) => [method, url, headers['x-ms-date'], headers.authorization];
  expect(asked.length).toBe(5);
  expect(asked.map(signed)).toEqual(ofClient.map(signed));
  expect(asked.every(({ headers }) => headers.authorization?.startsWith('SharedKeyLite account:'))).toBe(true);
});

test('a connection string without a key is signed by the client', () => {
  expect(readAccount('UseDevelopmentStorage=true')).toBeNull();
  expect(readAccount('TableEndpoint=https://a.table.core.windows.net/;SharedAccessSignature=sv=1&sig=2')).toBeNull();
});
