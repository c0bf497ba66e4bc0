import { TableServiceClient } from '@azure/data-tables';

import type { Scene } from './serviceScene.ts';

/** As somebody does who deletes all tables. The service goes on with new ones. */
export async function emptyStore({ store, tables }: Pick<Scene, 'store' | 'tables'>): Promise<void> {
  const service = TableServiceClient.fromConnectionString(tables.connectionString, { allowInsecureConnection: true });
  for await (const { name = '' } of service.listTables()) {
    if (name.startsWith(tables.tablePrefix)) await service.deleteTable(name);
  }
  await store.ensureTables();
}
