import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { SeatStore, SeatWrite } from '../../seats/store.ts';
import { activationEntity, readActivationRow, UNCOUNTED_SEAT } from './activationRow.ts';
import { SEAT_AND_VM_ROWS, SEAT_ROWS, VM_ROWS, vmRow } from '../kit/keys.ts';
import { readAllRows, readFirstPage, readOneRow, writeRows } from '../kit/rows.ts';
import type { Row, RowPut, RowWrite } from '../kit/rows.ts';
import { blockEntity, readSeatRows, uncountedEntity } from './seatRow.ts';
import { usageEntity } from './usageRow.ts';

const ENDED_ROWS = 100;
/** Of which it is remembered that VMs were let in without counting. */
const MAX_POOLS = 10_000;

/** @param budget milliseconds for one operation */
export function seatTable(activations: TableClient, budget: number): SeatStore {
  return {
    readActivation: async (pool, vmId) => {
      const call = { operation: 'read an activation', budget };
      const row = await readOneRow(activations, call, poolName(pool), vmRow(vmId));
      return row === null ? null : readActivationRow(row);
    },
    readSeats: createSeatReader(activations, budget),
    readEnded: async (pool, before, below) => {
      const numbered = below === null ? odata`seat ge 0` : odata`seat ge 0 and seat lt ${below}`;
      const ended = `${numbered} and ${odata`leaseEnd lt ${new Date(before)}`}`;
      const query = { filter: `${rangeFilter(pool, VM_ROWS)} and ${ended}` };
      const call = { operation: 'look for ended leases', budget };
      return (await readFirstPage(activations, call, query, ENDED_ROWS)).map(readActivationRow);
    },
    writeSeats: (pool, writes) => {
      const partition = poolName(pool);
      const call = { operation: 'write an activation', budget };
      return writeRows(
        activations,
        call,
        writes.map((write) => rowWrite(partition, write)),
      );
    },
  };
}

/**
 * Reads the rows of seats, and counts the VMs without one where there are any. A pool known to have some is asked for
 * both at once: the query goes through the rows of all its VMs, but is one round trip. The seats come first either way.
 */
function createSeatReader(activations: TableClient, budget: number): SeatStore['readSeats'] {
  const pools = new Set<string>();
  return async (pool, since) => {
    const call = { operation: 'read the seats', budget };
    const partition = poolName(pool);
    const live = odata`seat eq ${UNCOUNTED_SEAT} and leaseEnd ge ${new Date(since ?? 0)}`;
    const isBoth = since !== null && pools.has(partition);
    const seats = rangeFilter(pool, SEAT_ROWS);
    const both = `${rangeFilter(pool, SEAT_AND_VM_ROWS)} and (${odata`RowKey lt ${SEAT_ROWS.to}`} or (${live}))`;
    const rows = await readAllRows(activations, call, { filter: isBoth ? both : seats });
    const [own, vms] = partitionRows(rows);
    const read = readSeatRows(own);
    if (read.hasUncounted) remember(pools, partition);
    if (isBoth || since === null || !read.hasUncounted) return { ...read, uncounted: vms.length };
    const query = { filter: `${rangeFilter(pool, VM_ROWS)} and ${live}`, select: ['rowKey'] };
    return { ...read, uncounted: (await readAllRows(activations, call, query)).length };
  };
}

function partitionRows(rows: readonly Row[]): readonly [seats: readonly Row[], vms: readonly Row[]] {
  const isSeat = ({ rowKey = '' }: Row) => rowKey < SEAT_ROWS.to;
  return [rows.filter(isSeat), rows.filter((row) => !isSeat(row))];
}

function remember(pools: Set<string>, partition: string): void {
  pools.add(partition);
  const [oldest] = pools;
  if (pools.size > MAX_POOLS && oldest !== undefined) pools.delete(oldest);
}

function rangeFilter(pool: SeatPool, rows: { readonly from: string; readonly to: string }): string {
  return `${odata`PartitionKey eq ${poolName(pool)}`} and ${rowRange(rows)}`;
}

function rowRange(rows: { readonly from: string; readonly to: string }): string {
  return odata`RowKey ge ${rows.from} and RowKey lt ${rows.to}`;
}

function rowWrite(partition: string, write: SeatWrite): RowWrite | RowPut {
  switch (write.row) {
    case 'activation':
      return { entity: activationEntity(partition, write.activation), version: write.version };
    case 'block':
      return { entity: blockEntity(partition, write.index, write.taken), version: write.version };
    case 'uncounted':
      return { entity: uncountedEntity(partition), version: null };
    case 'usage':
      return { entity: usageEntity(partition, write), put: true };
  }
}
