import { expect, test } from 'vitest';

import { cacheCatalogue } from '../../src/catalogue/cacheCatalogue.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import type { SubscriptionKey } from '../../src/catalogue/holding.ts';
import type { Catalogue } from '../../src/catalogue/store.ts';
import type { ShelfReader } from '../../src/catalogue/restoreMark.ts';
import { licence, offer } from '../support/licensing.ts';

/** A catalogue that says how often it was read; each offer's status tells the reading. */
function createCatalogue(): Omit<Catalogue, 'readOffers'> & ShelfReader & { readonly reads: string[]; down: boolean } {
  const reads: string[] = [];
  const read = <T>(what: string, value: T): Promise<T> => {
    reads.push(what);
    return catalogue.down ? Promise.reject(new StoreUnavailableError('down')) : Promise.resolve(value);
  };
  const catalogue = {
    reads,
    down: false,
    readShelf: () => read('offers', { offers: [offer({ keyChanges: reads.length + 1 })], restored: null }),
    readHoldings: ({ cloud, subscriptionId }: SubscriptionKey) =>
      read(`${cloud}/${subscriptionId}`, { holdings: [], trials: [], overrides: [] }),
    lookUpLicence: (id: string) => read(id, licence({ id })),
  };
  return catalogue;
}

test('an answer is kept for ten seconds from the moment it was asked for', async () => {
  const catalogue = createCatalogue();
  let now = 1_000;
  const cached = cacheCatalogue(catalogue, { now: () => now, maxAge: 10_000 });
  const first = await cached.readOffers();
  now += 9_999;
  expect(await cached.readOffers()).toBe(first);
  now += 1;
  expect(await cached.readOffers()).not.toEqual(first);
  expect(catalogue.reads).toEqual(['offers', 'offers']);
  now -= 10_000;
  await cached.readOffers();
  expect(catalogue.reads).toHaveLength(3);
});

test('readers at the same time share one reading', async () => {
  const catalogue = createCatalogue();
  const cached = cacheCatalogue(catalogue, { now: () => 0, maxAge: 10_000 });
  await Promise.all([cached.readOffers(), cached.readOffers(), cached.readOffers()]);
  expect(catalogue.reads).toEqual(['offers']);
});

test('a failure is not kept, and an old answer does not take its place', async () => {
  const catalogue = createCatalogue();
  let now = 0;
  const cached = cacheCatalogue(catalogue, { now: () => now, maxAge: 10_000 });
  await cached.readOffers();
  now += 10_000;
  catalogue.down = true;
  await expect(cached.readOffers()).rejects.toThrow(StoreUnavailableError);
  catalogue.down = false;
  expect(await cached.readOffers()).toHaveLength(1);
});

test("each cloud's subscription has an entry of its own, and the oldest makes room", async () => {
  const catalogue = createCatalogue();
  const cached = cacheCatalogue(catalogue, { now: () => 0, maxAge: 10_000, maxEntries: 2 });
  const readHoldings = (cloud: string, subscriptionId: string) => cached.readHoldings({ cloud, subscriptionId });
  await readHoldings('a', '1');
  await readHoldings('b', '1');
  await readHoldings('a', '1');
  await readHoldings('a', '2');
  await readHoldings('b', '1');
  await readHoldings('a', '1');
  expect(catalogue.reads).toEqual(['a/1', 'b/1', 'a/2', 'a/1']);
});

test('what is forgotten is read again, also while an answer is on its way', async () => {
  const catalogue = createCatalogue();
  const cached = cacheCatalogue(catalogue, { now: () => 0, maxAge: 10_000 });
  await cached.lookUpLicence('a');
  const pending = cached.readOffers();
  cached.forget();
  await Promise.all([pending, cached.readOffers(), cached.lookUpLicence('A')]);
  expect(catalogue.reads).toEqual(['a', 'offers', 'offers', 'A']);
});
