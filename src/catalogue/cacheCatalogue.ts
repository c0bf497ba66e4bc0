import { foldCase } from '../contract/planName.ts';
import type { Shelf, ShelfReader } from './restoreMark.ts';
import type { Catalogue } from './store.ts';

const MAX_ENTRIES = 10_000;

export interface CacheOptions {
  /** Milliseconds. A clock that goes back makes entries old, not young. */
  readonly now: () => number;
  /** Milliseconds that an answer is kept. */
  readonly maxAge: number;
  /** Of how many subscriptions, and how many licences, are kept. */
  readonly maxEntries?: number;
}

/** `forget`: what was written by this process holds in it at once. */
export interface CachedCatalogue extends Catalogue, ShelfReader {
  forget(): void;
}

/**
 * Offers and licences, kept for some seconds from the moment at which they were asked for. Old ones are never given
 * out, even if the store is down: a revoked licence would live on.
 */
export function cacheCatalogue(
  catalogue: Omit<Catalogue, 'readOffers'> & ShelfReader,
  options: CacheOptions,
): CachedCatalogue {
  const shelf = createCache<Shelf>(options);
  const holdings = createCache<Awaited<ReturnType<Catalogue['readHoldings']>>>(options);
  const licences = createCache<Awaited<ReturnType<Catalogue['lookUpLicence']>>>(options);
  const readShelf = () => shelf.read('', () => catalogue.readShelf());
  return {
    readShelf,
    readOffers: async () => (await readShelf()).offers,
    readHoldings: (key) => holdings.read(`${key.cloud}/${key.subscriptionId}`, () => catalogue.readHoldings(key)),
    lookUpLicence: (id) => licences.read(foldCase(id), () => catalogue.lookUpLicence(id)),
    forget: () => {
      shelf.forget();
      holdings.forget();
      licences.forget();
    },
  };
}

interface Cache<T> {
  read(key: string, read: () => Promise<T>): Promise<T>;
  forget(): void;
}

interface Entry<T> {
  readonly since: number;
  readonly value: Promise<T>;
}

/** The first ones are the oldest. */
function dropOld(
  entries: Map<string, Entry<unknown>>,
  { maxEntries, before }: { readonly maxEntries: number; readonly before: number },
): void {
  for (const [key, { since }] of entries) {
    if (entries.size <= maxEntries && since > before) return;
    entries.delete(key);
  }
}

/** Readers that come while an answer is on its way share it. */
function createCache<T>({ now, maxAge, maxEntries = MAX_ENTRIES }: CacheOptions): Cache<T> {
  const entries = new Map<string, Entry<T>>();
  const readCached: Cache<T>['read'] = (key, read) => {
    const since = now();
    const known = entries.get(key);
    if (known !== undefined && since >= known.since && since - known.since < maxAge) return known.value;
    const entry = { since, value: read() };
    entries.delete(key);
    entries.set(key, entry);
    dropOld(entries, { maxEntries, before: since - maxAge });
    entry.value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return entry.value;
  };
  return {
    read: readCached,
    forget: () => {
      entries.clear();
    },
  };
}
