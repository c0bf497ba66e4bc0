import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pauseFor } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { createTablesStore } from '../../../src/licensing/tables/createTablesStore.ts';

/** Azure Tables answers a long search with empty pages and a place to go on from; Azurite never does. */

const PAGES = 20;
const PAUSE = 50;
const BUDGET = 400;

test('old rows are found behind empty pages, though all pages together take longer than one may', async () => {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { searchParams } = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const page = Number(searchParams.get('NextPartitionKey') ?? 0);
    asked.push(`${incoming.method} ${page}`);
    const row = { PartitionKey: 'p', RowKey: 'vm:1', 'odata.etag': 'W/"1"' };
    const next = page < PAGES ? { 'x-ms-continuation-nextpartitionkey': `${page + 1}` } : {};
    void pauseFor(PAUSE).then(() => {
      if (incoming.method === 'DELETE') return outgoing.writeHead(204).end();
      const body = JSON.stringify({ value: page === PAGES ? [row] : [] });
      return outgoing.writeHead(200, { 'Content-Type': 'application/json', ...next }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;' +
    `TableEndpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}/devstoreaccount1`;
  const store = createTablesStore({ connection: { connectionString }, budget: BUDGET });
  const deleted: number[] = [];
  for await (const count of store.deleteActivations(1)) deleted.push(count);
  expect(PAGES * PAUSE).toBeGreaterThan(BUDGET);
  expect(deleted).toEqual([...new Array<number>(PAGES).fill(0), 1]);
  expect(asked.length).toBe(PAGES + 2);
});
