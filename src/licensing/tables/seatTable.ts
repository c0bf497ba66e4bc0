import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { SeatPool } from '../entitlement.ts';
import type { SeatStore, SeatWrite } from '../store.ts';
import { activationEntity, readActivationRow, UNCOUNTED_SEAT } from './activationRow.ts';
import { poolPartition, SEAT_ROWS, VM_ROWS, vmRow } from './keys.ts';
import { readAllRows, readFirstPage, readOneRow, writeRows } from './rows.ts';
import type { RowWrite } from './rows.ts';
import { blockEntity, readSeatRows, uncountedEntity } from './seatRow.ts';

const ENDED_ROWS = 100;

/** @param budget milliseconds for one operation */
export function seatTable(activations: TableClient, budget: number): SeatStore {
  return {
    readActivation: async (pool, vmId) => {
      const call = { operation: 'read an activation', budget };
      const row = await readOneRow(activations, call, poolPartition(pool), vmRow(vmId));
      return row === null ? null : readActivationRow(row);
    },
    readSeats: async (pool) => {
      const query = { filter: rangeFilter(pool, SEAT_ROWS) };
      return readSeatRows(await readAllRows(activations, { operation: 'read the seats', budget }, query));
    },
    readEnded: async (pool, before) => {
      const ended = odata`seat ge 0 and leaseEnd lt ${new Date(before)}`;
      const query = { filter: `${rangeFilter(pool, VM_ROWS)} and ${ended}` };
      const call = { operation: 'look for ended leases', budget };
      return (await readFirstPage(activations, call, query, ENDED_ROWS)).map(readActivationRow);
    },
    countUncounted: async (pool, since) => {
      const live = odata`seat eq ${UNCOUNTED_SEAT} and leaseEnd ge ${new Date(since)}`;
      const query = { filter: `${rangeFilter(pool, VM_ROWS)} and ${live}`, select: ['rowKey'] };
      return (await readAllRows(activations, { operation: 'count uncounted VMs', budget }, query)).length;
    },
    writeSeats: (pool, writes) => {
      const partition = poolPartition(pool);
      const call = { operation: 'write an activation', budget };
      return writeRows(
        activations,
        call,
        writes.map((write) => rowWrite(partition, write)),
      );
    },
  };
}

function rangeFilter(pool: SeatPool, rows: { readonly from: string; readonly to: string }): string {
  return odata`PartitionKey eq ${poolPartition(pool)} and RowKey ge ${rows.from} and RowKey lt ${rows.to}`;
}

function rowWrite(partition: string, write: SeatWrite): RowWrite {
  switch (write.row) {
    case 'activation':
      return { entity: activationEntity(partition, write.activation), version: write.version };
    case 'block':
      return { entity: blockEntity(partition, write.index, write.taken), version: write.version };
    case 'uncounted':
      return { entity: uncountedEntity(partition), version: null };
  }
}
