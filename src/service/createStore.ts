import { createTablesStore } from '../licensing/tables/createTablesStore.ts';
import type { TablesConnection } from '../licensing/tables/connection.ts';
import { cacheCatalogue } from '../licensing/cacheCatalogue.ts';
import type { Catalogue, LicenceStore } from '../licensing/store.ts';
import type { ServiceConfig } from './config.ts';

/** The store, and its offers and licences from a cache of at most 30 seconds. Makes no request before its first use. */
export async function createStore(
  config: ServiceConfig,
  now: () => number,
): Promise<{ readonly store: LicenceStore; readonly catalogue: Catalogue }> {
  const store = createTablesStore({ connection: await connect(config), tablePrefix: config.TABLE_PREFIX });
  return { store, catalogue: cacheCatalogue(store, { now }) };
}

async function connect({
  TABLES_CONNECTION_STRING,
  TABLES_ENDPOINT = '',
  AZURE_CLIENT_ID,
}: ServiceConfig): Promise<TablesConnection> {
  if (TABLES_CONNECTION_STRING !== undefined) return { connectionString: TABLES_CONNECTION_STRING };
  // Only where it is needed: the library is a third of the bundle's start.
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return {
    url: TABLES_ENDPOINT,
    credential: new ManagedIdentityCredential(AZURE_CLIENT_ID === undefined ? {} : { clientId: AZURE_CLIENT_ID }),
  };
}
