import type { TableEntity } from '@azure/data-tables';

import type { UsageRow } from '../seats/store.ts';
import { usageRow } from './keys.ts';
import { ROW_SCHEMA } from './readRow.ts';

export function usageEntity(partitionKey: string, row: UsageRow): TableEntity {
  const { day, vmId, cloud, subscriptionId, offer, hours } = row;
  return { partitionKey, rowKey: usageRow(day, vmId), schema: ROW_SCHEMA, cloud, subscriptionId, offer, hours };
}
