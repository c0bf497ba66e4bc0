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
  const call = { operation: 'look for the next pool', budget };
  for (let last = after ?? ''; ;) {
    const query = { filter: odata`PartitionKey gt ${last}`, select: ['partitionKey'] };
    const name = await readFirstPartition(table, call, query);
    const pool = name === null ? null : parsePoolName(name);
    // Whoever asked on from the same place would ask for ever.
    if (name !== null && name <= last) {
      throw new StoreUnavailableError('The store failed to look for the next pool: it answered with an earlier one.');
    }
    if (name === null || pool !== null) return pool;
    last = name;
  }
}

async function readFirstPartition(table: TableClient, call: StoreCall, query: RowQuery): Promise<string | null> {
  let place: string | undefined;
  do {
    const from = { maxPageSize: 1, place };
    const { rows, next }: Piece = await callStore(call, (signal) => fetchPiece(table, query, from, signal));
    if (rows[0] !== undefined) return String(rows[0]['partitionKey']);
    place = next;
  } while (place !== undefined);
  return null;
}
