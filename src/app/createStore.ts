import type { TablesConnection } from '../tables/kit/connection.ts';
import { MAX_ANSWER } from '../seats/lease.ts';
import { timePort } from '../http/boundLog.ts';
import { cacheCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { CachedCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { ServiceConfig } from './config.ts';
import { createLaterStore } from '../tables/laterStore.ts';
import type { LaterStore } from '../tables/laterStore.ts';
import { createManagedIdentity } from './managedIdentity.ts';

/** Milliseconds after which a change by an operator holds on every instance. */
const MAX_DELAY = 30_000;
/** Milliseconds that offers and licences are kept: after that come the seconds until a licence is given out by them. */
const MAX_AGE = MAX_DELAY - MAX_ANSWER;

export interface CreatedStore extends LaterStore {
  readonly catalogue: CachedCatalogue;
}

/** The store, and its offers and licences from a cache of at most ten seconds. Makes no request before its first use. */
export function createStore(config: ServiceConfig, now: () => number): CreatedStore {
  const { TABLE_PREFIX: tablePrefix, STORE_BUDGET_MILLISECONDS: budget } = config;
  const { store: later, load } = createLaterStore(async () => {
    const { createTablesStore } = await import('../tables/createTablesStore.ts');
    return createTablesStore({ connection: await connect(config), tablePrefix, budget });
  });
  const store = timePort('store', later);
  return { store, load, catalogue: cacheCatalogue(store, { now, maxAge: MAX_AGE }) };
}

async function connect(config: ServiceConfig): Promise<TablesConnection> {
  const { TABLES_CONNECTION_STRING, TABLES_ENDPOINT = '' } = config;
  if (TABLES_CONNECTION_STRING !== undefined) return { connectionString: TABLES_CONNECTION_STRING };
  return { url: TABLES_ENDPOINT, credential: await createManagedIdentity(config) };
}
