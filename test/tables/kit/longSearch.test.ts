import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import type { PageRequest } from '../../../src/contract/stored.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { entitlement, offer } from '../../support/licensing.ts';
import { useTestClock } from '../../support/testClock.ts';

/** Azure Tables answers a long search with empty pages and a place to go on from; Azurite never does. */

const clock = useTestClock();

const PAGES = 20;
const PAUSE = 100;
const BUDGET = 1_500;

const TIMES = ['keyUntil', 'issuedAt', 'expiresAt', 'leaseEnd', 'graceUntil', 'firstSeen', 'lastSeen'];

/** A VM that has no seat and has not come for long. */
const ROW = {
  ...{
    PartitionKey: 'licence:p',
    RowKey: 'vm:1',
    'odata.etag': 'W/"1"',
    schema: 2,
    seat: -2,
    blocked: false,
    moves: 0,
  },
  ...{ cloud: 'emulator', subscriptionId: 's', licenceId: 'p', offer: '', sku: '', keyChanges: '[]' },
  ...Object.fromEntries(
    TIMES.flatMap((name) => [
      [name, new Date(0).toISOString()],
      [`${name}@odata.type`, 'Edm.DateTime'],
    ]),
  ),
};

/** A store whose one row lies behind empty pages. */
async function startStore(asked: string[], budget = BUDGET): Promise<LicenceStore> {
  const server = createServer((incoming, outgoing) => {
    const { searchParams } = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const page = Number(searchParams.get('NextPartitionKey') ?? 0);
    asked.push(incoming.method ?? '');
    // After the one pool there is no other.
    const isPast = searchParams.get('$filter')?.includes(`PartitionKey gt '${ROW.PartitionKey}'`) === true;
    const next = page < PAGES ? { 'x-ms-continuation-nextpartitionkey': `${page + 1}` } : {};
    clock.pass(PAUSE);
    if (incoming.method === 'DELETE') return outgoing.writeHead(204).end();
    const body = JSON.stringify({ value: page === PAGES && !isPast ? [ROW] : [] });
    return outgoing.writeHead(200, { 'Content-Type': 'application/json', ...next }).end(body);
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
  return createTablesStore({ connection: { connectionString }, budget, searchBudget: BUDGET });
}

test('all pages together take longer than one may', () => {
  expect(PAGES * PAUSE).toBeGreaterThan(BUDGET);
});

test('old rows are deleted behind empty pages', async () => {
  const asked: string[] = [];
  const store = await startStore(asked);
  const deleted: number[] = [];
  for await (const count of store.deleteActivations(1)) deleted.push(count);
  expect(deleted).toEqual([...new Array<number>(PAGES).fill(0), 1]);
  expect(asked.filter((method) => method === 'DELETE').length).toBe(1);
});

test('what operators ask of a large table is found behind empty pages', async () => {
  const store = await startStore([]);
  expect(await store.countSeated(entitlement().pool, 0)).toMatchObject({ count: 1, overSince: null, isWhole: true });
  // Found, and no licence: a row that cannot be read is not one that is absent.
  await expect(store.listLicencesOf(offer().plan)).rejects.toThrow(/licence/);
});

test('what a VM waits for has one budget for all pages', async () => {
  const store = await startStore([]);
  await expect(store.readOffers()).rejects.toThrow(`no answer within ${BUDGET} ms`);
});

test('for a page of a search the service may take longer than a VM would wait', async () => {
  const store = await startStore([], PAUSE / 2);
  await expect(store.readOffers()).rejects.toThrow(`no answer within ${PAUSE / 2} ms`);
  expect(await store.countSeated(entitlement().pool, 0)).toMatchObject({ count: 1, overSince: null, isWhole: true });
});

test('a page that operators wait for is five calls at most, and the next ones find the rest', async () => {
  const asked: string[] = [];
  const store = await startStore(asked);
  const lists = [(page: PageRequest) => store.pageDecisions({}, page), (page: PageRequest) => store.pageLicences(page)];
  for (const list of lists) {
    let continuation: string | undefined;
    const found: string[] = [];
    do {
      const before = asked.length;
      const page = await list({ size: 5, continuation });
      expect(asked.length - before).toBeLessThanOrEqual(5);
      // The one row is neither a decision nor a licence, and was reached.
      found.push(...page.unreadable);
      continuation = page.next ?? undefined;
    } while (continuation !== undefined);
    expect(found).toHaveLength(1);
  }
});
