import { createTablesStore } from '../tables/createTablesStore.ts';
import type { TablesConnection } from '../tables/connection.ts';
import { cacheCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { CachedCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { LicenceStore } from '../tables/licenceStore.ts';
import type { ServiceConfig } from './config.ts';
import { createManagedIdentity } from './managedIdentity.ts';

/** The store, and its offers and licences from a cache of at most ten seconds. Makes no request before its first use. */
export async function createStore(
  config: ServiceConfig,
  now: () => number,
): Promise<{ readonly store: LicenceStore; readonly catalogue: CachedCatalogue }> {
  const { TABLE_PREFIX: tablePrefix, STORE_BUDGET_MILLISECONDS: budget } = config;
  const store = createTablesStore({ connection: await connect(config), tablePrefix, budget });
  return { store, catalogue: cacheCatalogue(store, { now }) };
}

async function connect(config: ServiceConfig): Promise<TablesConnection> {
  const { TABLES_CONNECTION_STRING, TABLES_ENDPOINT = '' } = config;
  if (TABLES_CONNECTION_STRING !== undefined) return { connectionString: TABLES_CONNECTION_STRING };
  return { url: TABLES_ENDPOINT, credential: await createManagedIdentity(config) };
}
