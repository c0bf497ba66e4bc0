import type { TablesConnection } from '../tables/connection.ts';
import { createTablesStore } from '../tables/createTablesStore.ts';
import type { LicenceStore } from '../tables/licenceStore.ts';
import type { Io } from './command.ts';
import { UsageError } from './command.ts';

/**
 * The store that the service's own settings name.
 *
 * @throws {UsageError}
 */
export async function openStore({ env }: Io): Promise<LicenceStore> {
  const { TABLES_CONNECTION_STRING: connectionString = '', TABLES_ENDPOINT: url = '' } = env;
  if ((connectionString === '') === (url === '')) {
    throw new UsageError(
      'neither a service nor a store is named. Give --service URL, or set one of TABLES_CONNECTION_STRING (Azurite) and TABLES_ENDPOINT (Azure)',
    );
  }
  if (url !== '' && !/^https:\/\//i.test(url)) throw new UsageError('TABLES_ENDPOINT is not an https URL. Correct it');
  const connection = url === '' ? { connectionString } : await connect(url);
  try {
    return createTablesStore({ connection, tablePrefix: env['TABLE_PREFIX'] });
  } catch {
    // The message of the library is about its internals.
    throw new UsageError(
      `${url === '' ? 'TABLES_CONNECTION_STRING' : 'TABLES_ENDPOINT'} is not one of a storage account`,
    );
  }
}

async function connect(url: string): Promise<TablesConnection> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return { url, credential: new DefaultAzureCredential() };
}
