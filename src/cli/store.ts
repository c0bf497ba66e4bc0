import type { TablesConnection } from '../licensing/tables/connection.ts';
import { createTablesStore } from '../licensing/tables/createTablesStore.ts';
import type { LicenceStore } from '../licensing/store.ts';
import type { Io } from './command.ts';
import { UsageError } from './command.ts';

export const STORE_SETTINGS_HELP = `Settings (environment):
  TABLES_CONNECTION_STRING  the store by connection string (Azurite), or
  TABLES_ENDPOINT           the store by URL, with the credentials of "az login" or of a managed identity
  TABLE_PREFIX              what stands before the names of the tables
  LICENCE_LIFE_SECONDS      the service's setting: longer offers are refused (default: 2592000)
`;

/**
 * The store that the service's own settings name.
 *
 * @throws {UsageError}
 */
export async function openStore({ env }: Io): Promise<LicenceStore> {
  const { TABLES_CONNECTION_STRING: connectionString = '', TABLES_ENDPOINT: url = '' } = env;
  if ((connectionString === '') === (url === '')) {
    throw new UsageError(
      'set one of TABLES_CONNECTION_STRING (Azurite) and TABLES_ENDPOINT (Azure) to say which store',
    );
  }
  if (url !== '' && !/^https:\/\//i.test(url)) throw new UsageError('TABLES_ENDPOINT is not an https URL');
  const connection = url === '' ? { connectionString } : await connect(url);
  try {
    return createTablesStore({ connection, tablePrefix: env['TABLE_PREFIX'] });
  } catch {
    // What the library says of it is about its insides.
    throw new UsageError(
      `${url === '' ? 'TABLES_CONNECTION_STRING' : 'TABLES_ENDPOINT'} is not one of a storage account`,
    );
  }
}

async function connect(url: string): Promise<TablesConnection> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return { url, credential: new DefaultAzureCredential() };
}
