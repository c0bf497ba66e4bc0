import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { foldCase } from '../contract/planName.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { ActivationFilter, ActivationStore, PooledActivation } from '../seats/store.ts';
import { readActivationRow, UNCOUNTED_SEAT } from './activationRow.ts';
import { marketplaceRange, VM_ROWS, vmRow } from './keys.ts';
import { mapReadable, readPagesOf } from './paging.ts';
import { deleteRow, searchAllRows } from './rows.ts';
import type { Row, RowQuery } from './rows.ts';

/** @param budget milliseconds for one page */
export function activationTable(activations: TableClient, budget: number): Omit<ActivationStore, 'deleteActivations'> {
  return {
    pageActivations: async (filter, page) => {
      const call = { operation: 'list activations', budget };
      return mapReadable(await readPagesOf(activations, call, listQueries(filter), page), readPooledRow);
    },
    deleteActivation: (pool, vmId, version) => {
      const call = { operation: 'delete an activation', budget };
      return deleteRow(activations, call, { partitionKey: poolName(pool), rowKey: vmRow(vmId), version });
    },
    countSeated: async (pool, since) => {
      const seated = `${ofPool(pool)} and ${rowFilter(undefined)} and ${odata`seat ge ${UNCOUNTED_SEAT}`}`;
      const query = {
        filter: `${seated} and ${odata`leaseEnd ge ${new Date(since)}`}`,
        select: ['rowKey', 'overSince'],
      };
      const rows = await searchAllRows(activations, { operation: 'count the seated VMs', budget }, query);
      return { count: rows.length, overSince: readEarliestOver(rows) };
    },
  };
}

/** One query a pool: a query over several partitions at once would be a search through the whole table. */
function listQueries(filter: ActivationFilter): readonly RowQuery[] {
  const rows = rowFilter(filter.vmId);
  if ('pool' in filter) {
    const { pool, of } = filter;
    return [{ filter: `${ofPool(pool)} and ${rows}${of === undefined ? '' : ` and ${ofSubscription(of)}`}` }];
  }
  if (!('pools' in filter)) return [{ filter: rows }];
  const { cloud, subscriptionId, pools } = filter;
  const own = ofSubscription({ cloud, subscriptionId });
  const { from, to } = marketplaceRange(cloud, subscriptionId);
  const marketplace = odata`PartitionKey ge ${from} and PartitionKey lt ${to}`;
  return [
    ...pools.map((pool) => ({ filter: `${ofPool(pool)} and ${rows} and ${own}` })),
    { filter: `${marketplace} and ${rows}` },
  ];
}

function ofSubscription({
  cloud,
  subscriptionId,
}: {
  readonly cloud: string;
  readonly subscriptionId: string;
}): string {
  return odata`cloud eq ${cloud} and subscriptionId eq ${foldCase(subscriptionId)}`;
}

function ofPool(pool: SeatPool): string {
  return odata`PartitionKey eq ${poolName(pool)}`;
}

function rowFilter(vmId: string | undefined): string {
  if (vmId !== undefined) return odata`RowKey eq ${vmRow(vmId)}`;
  return odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
}

function readPooledRow(row: Row): PooledActivation {
  const pool = parsePoolName(String(row['partitionKey']));
  if (pool === null) throw new StoreUnavailableError('A row of kind activation cannot be read: PartitionKey.');
  return { ...readActivationRow(row), pool };
}

/** The earliest time since when one of these VMs is over. */
function readEarliestOver(rows: readonly Row[]): number | null {
  const times = rows.flatMap(({ overSince }) => (overSince instanceof Date ? [overSince.getTime()] : []));
  return times.length === 0 ? null : times.reduce((earliest, time) => Math.min(earliest, time));
}
