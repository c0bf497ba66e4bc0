import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { activate } from '../../../src/seats/activate.ts';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { entitlement, request } from '../../support/licensing.ts';
import { useTestClock } from '../../support/testClock.ts';

const clock = useTestClock();

/** Answers that say they are good and are not whole: what the store's client makes of them is not believed. */

interface Given {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A store that has no rows, and answers every transaction and every query as it is told. */
async function startStore({ batch, query }: { readonly batch?: Given; readonly query?: Given }) {
  const json = { status: 200, type: 'application/json' };
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? '';
    const absent = { ...json, status: 404, body: '{"odata.error":{"code":"ResourceNotFound"}}' };
    const row = url.includes('RowKey=') ? absent : (query ?? { ...json, body: '{"value":[]}' });
    const { status, type, body } = url.includes('$batch') ? (batch ?? absent) : row;
    incoming.resume().on('end', () => outgoing.writeHead(status, { 'Content-Type': type }).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;' +
    `TableEndpoint=http://127.0.0.1:${port}/devstoreaccount1`;
  return createTablesStore({ connection: { connectionString }, budget: 2_000 });
}

const part = (status: string, body = '') =>
  `--changesetresponse_1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 ${status}\r\n\r\n${body}\r\n`;
const WRITTEN = part('204 No Content');
const BATCHES: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'a part without its end': WRITTEN,
  'one part too few': `${WRITTEN}--changesetresponse_1--\r\n`,
  'a refusal without a reason': `${WRITTEN}${part('412 Precondition Failed')}--changesetresponse_1--\r\n`,
  'a refusal in XML': `${WRITTEN}${part('503 Service Unavailable', '<error/>')}--changesetresponse_1--\r\n`,
  'a refusal over several lines': `${WRITTEN}${part('500 Error', '{\r\n"odata.error": {}\r\n}')}--changesetresponse_1--\r\n`,
};

test.each(Object.entries(BATCHES))('a transaction answered with %s was not written', async (_, body) => {
  const store = await startStore({
    batch: { status: 202, type: 'multipart/mixed; boundary=changesetresponse_1', body },
  });
  const granting = entitlement();
  await expect(activate(store, granting, request(granting))).rejects.toThrow(StoreUnavailableError);
});

test('a transaction of which every part was written is one', async () => {
  const body = `${WRITTEN}${WRITTEN}--changesetresponse_1--\r\n`;
  const store = await startStore({
    batch: { status: 202, type: 'multipart/mixed; boundary=changesetresponse_1', body },
  });
  const granting = entitlement();
  expect(await activate(store, granting, request(granting))).toMatchObject({ granted: true });
});

test.each(['{}', '{"value":null}', '{"value":{}}', '[]', 'null'])(
  'a query answered with %s found nothing out',
  async (body) => {
    const store = await startStore({ query: { status: 200, type: 'application/json', body } });
    await expect(store.readOffers()).rejects.toThrow(StoreUnavailableError);
    await expect(store.readSeats(entitlement().pool, 0)).rejects.toThrow(StoreUnavailableError);
  },
);

test('a credential that never answers is waited for no longer than the store', async () => {
  const getToken = () => {
    clock.pass(100);
    return new Promise<never>(() => undefined);
  };
  const credential = { getToken };
  const store = createTablesStore({ connection: { url: 'https://127.0.0.1:1', credential }, budget: 100 });
  await expect(store.readOffers()).rejects.toThrow('no answer within 100 ms');
});
