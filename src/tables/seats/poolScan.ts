import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { parsePoolName, poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { fetchPiece } from '../kit/rows.ts';
import type { Piece, RowQuery } from '../kit/rows.ts';
import { callStore } from '../kit/storeCall.ts';
import type { StoreCall } from '../kit/storeCall.ts';

/*
 * The pools of the table of activations, one query each. A query over all of them at once would go through the ledger, which
 * has a row a day and VM.
 */

/**
 * @param budget milliseconds for one query
 * @param names both ends exclusive; all pools unless given
 */
export async function* listPools(
  activations: TableClient,
  budget: number,
  names: { readonly from: string; readonly to: string } | null = null,
): AsyncGenerator<SeatPool> {
  let pool = await findNextPool(activations, budget, names?.from ?? null);
  while (pool !== null && (names === null || poolName(pool) < names.to)) {
    yield pool;
    pool = await findNextPool(activations, budget, poolName(pool));
  }
}

/** The next pool after one of this name; `null` after the last one. */
export async function findNextPool(table: TableClient, budget: number, after: string | null): Promise<SeatPool | null> {
  const [next = null] = await findNextPools(table, budget, after, 1);
  return next;
}

/**
 * Some pools after one of this name, in their order; none after the last one.
 *
 * @param rows that are looked at: the pools that they are of are found at once
 */
export async function findNextPools(
  table: TableClient,
  budget: number,
  after: string | null,
  rows: number,
): Promise<readonly SeatPool[]> {
  const call = { operation: 'look for the next pool', budget };
  for (let last = after ?? ''; ;) {
    const query = { filter: odata`PartitionKey gt ${last}`, select: ['partitionKey'] };
    const names = await readFirstPartitions(table, call, query, rows);
    // Whoever asked on from the same place would ask for ever.
    if (names.some((name) => name <= last)) {
      throw new StoreUnavailableError('The store failed to look for the next pool: it answered with an earlier one.');
    }
    const pools = names.map(parsePoolName).filter((pool) => pool !== null);
    const end = names.at(-1);
    if (end === undefined || pools.length > 0) return pools;
    last = end;
  }
}

async function readFirstPartitions(table: TableClient, call: StoreCall, query: RowQuery, maxPageSize: number) {
  let place: string | undefined;
  do {
    const from = { maxPageSize, place };
    const { rows, next }: Piece = await callStore(call, (signal) => fetchPiece(table, query, from, signal));
    if (rows.length > 0) return [...new Set(rows.map(({ partitionKey }) => String(partitionKey)))];
    place = next;
  } while (place !== undefined);
  return [];
}
