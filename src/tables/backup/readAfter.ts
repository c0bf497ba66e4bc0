import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { fetchPiece } from '../kit/rows.ts';
import type { Piece, Row } from '../kit/rows.ts';
import { callStore } from '../kit/storeCall.ts';
import type { StoreCall } from '../kit/storeCall.ts';

/** Rows that are read at once: a part has some hundreds of objects. */
const PIECE = 500;

/** A row, or the place before all rows of a partition. */
export interface RowPlace {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/**
 * Some rows of a table, the first ones after a place, in the order of their keys. A row that is written or deleted meanwhile
 * moves no other row to another place.
 *
 * @param filter of partitions, rows, or both; null: every row
 * @returns no rows only where there are none any more
 */
export async function readAfter(
  table: TableClient,
  call: StoreCall,
  filter: string | null,
  after: RowPlace | null,
): Promise<readonly Row[]> {
  const own = filter === null ? [] : [`(${filter})`];
  if (after === null) return readFirst(table, call, own.join(' and '));
  const { partitionKey, rowKey } = after;
  // Two conditions that the store finds by its keys; both at once it would look for in the whole table.
  const same = [odata`PartitionKey eq ${partitionKey} and RowKey gt ${rowKey}`, ...own].join(' and ');
  const rows = await readFirst(table, call, same);
  if (rows.length > 0) return rows;
  return readFirst(table, call, [odata`PartitionKey gt ${partitionKey}`, ...own].join(' and '));
}

/** The first page that is not empty: the service may answer with empty ones while it is still searching. */
export async function readFirst(table: TableClient, call: StoreCall, filter: string): Promise<readonly Row[]> {
  return (await readFirstPiece(table, call, filter)).rows;
}

/** The same, with where the next page begins. */
export async function readFirstPiece(table: TableClient, call: StoreCall, filter: string): Promise<Piece> {
  let place: string | undefined;
  for (;;) {
    const from = { maxPageSize: PIECE, place };
    const piece: Piece = await callStore(call, (signal) => fetchPiece(table, { filter }, from, signal));
    if (piece.rows.length > 0 || piece.next === undefined) return piece;
    place = piece.next;
  }
}
