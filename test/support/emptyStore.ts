import { TableServiceClient } from '@azure/data-tables';

import type { Scene } from './serviceScene.ts';

/** As somebody does who deletes all tables but these. The service goes on with new ones. */
export async function emptyStore(
  { store, tables }: Pick<Scene, 'store' | 'tables'>,
  kept: readonly string[] = [],
): Promise<void> {
  const service = TableServiceClient.fromConnectionString(tables.connectionString, { allowInsecureConnection: true });
  for await (const { name = '' } of service.listTables()) {
    const own = name.slice(tables.tablePrefix.length);
    if (name.startsWith(tables.tablePrefix) && !kept.includes(own)) await service.deleteTable(name);
  }
  await store.ensureTables();
}
