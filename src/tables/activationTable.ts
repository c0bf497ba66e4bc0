import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { StoreUnavailableError } from '../contract/stored.ts';
import type { ActivationFilter, ActivationStore, PooledActivation } from '../seats/store.ts';
import { readActivationRow, UNCOUNTED_SEAT } from './activationRow.ts';
import { parsePoolPartition, poolPartition, poolRange, VM_ROWS, vmRow } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { searchAllRows } from './rows.ts';
import type { Row } from './rows.ts';

/** @param budget milliseconds for one page */
export function activationTable(activations: TableClient, budget: number): Omit<ActivationStore, 'deleteActivations'> {
  return {
    pageActivations: async (filter, page) => {
      const call = { operation: 'list activations', budget };
      const query = { filter: `${partitionFilter(filter)}${rowFilter(filter.vmId)}` };
      return mapReadable(await readPage(activations, call, query, page), readPooledRow);
    },
    countSeated: async (pool, since) => {
      const seated = odata`PartitionKey eq ${poolPartition(pool)} and seat ge ${UNCOUNTED_SEAT}`;
      const query = { filter: `${seated} and ${odata`leaseEnd ge ${new Date(since)}`}`, select: ['rowKey'] };
      return (await searchAllRows(activations, { operation: 'count the seated VMs', budget }, query)).length;
    },
  };
}

function partitionFilter(filter: ActivationFilter): string {
  if ('pool' in filter) return `${odata`PartitionKey eq ${poolPartition(filter.pool)}`} and `;
  if (!('cloud' in filter)) return '';
  const ranges = (['licensed', 'marketplace'] as const).map((mode) => {
    const { from, to } = poolRange(mode, filter.cloud, filter.subscriptionId);
    return odata`(PartitionKey ge ${from} and PartitionKey lt ${to})`;
  });
  return `(${ranges.join(' or ')}) and `;
}

function rowFilter(vmId: string | undefined): string {
  if (vmId !== undefined) return odata`RowKey eq ${vmRow(vmId)}`;
  return odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
}

function readPooledRow(row: Row): PooledActivation {
  const pool = parsePoolPartition(String(row['partitionKey']));
  if (pool === null) throw new StoreUnavailableError('A row of kind activation cannot be read: PartitionKey.');
  return { ...readActivationRow(row), pool };
}
