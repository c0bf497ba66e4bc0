import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { KeptLine, KeptLines, ReadPlace } from '../../backup/store.ts';
import { parsePoolName, poolName } from '../../catalogue/seatPool.ts';
import { VM_ROWS } from '../kit/keys.ts';
import type { Row } from '../kit/rows.ts';
import type { StoreCall } from '../kit/storeCall.ts';
import { findNextPools } from '../seats/poolScan.ts';
import { LINE_OF } from './keptLines.ts';
import { readFirstPiece } from './readAfter.ts';

/** Rows whose keys are read to find pools, and among which their VMs are sought. */
const LOOKED_AT = 1_000;

/** After all rows of a pool. */
const WHOLE = '~';

/**
 * VMs that are blocked or have changed their key. A query over all pools would go through the ledger, which has a row for every
 * VM and day, and one for each pool would take as many calls as there are pools: so one is for as many pools as have few rows.
 */
export async function readBoundVms(activations: TableClient, call: StoreCall, after: ReadPlace): Promise<KeptLines> {
  const [pool = '', row = VM_ROWS.from] = after ?? [];
  if (after !== null && row !== WHOLE) {
    const rest = await readVms(activations, call, odata`PartitionKey eq ${pool} and RowKey gt ${row}`, pool);
    if (rest.lines.length > 0) return rest;
  }
  const found = (await findNextPools(activations, call.budget, pool, LOOKED_AT)).map(poolName);
  const last = found.at(-1);
  if (last === undefined) return { lines: [], next: 'end' };
  const before = found.at(-2);
  // The last one may have more rows than were looked at.
  return before === undefined
    ? readVms(activations, call, odata`PartitionKey eq ${last}`, last)
    : readVms(activations, call, odata`PartitionKey gt ${pool} and PartitionKey le ${before}`, before);
}

/** @param last the pool after which reading goes on where these are all */
async function readVms(activations: TableClient, call: StoreCall, pools: string, last: string): Promise<KeptLines> {
  const rows = odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
  const bound = `${pools} and ${rows} and (blocked eq true or keyChanges ne '[]')`;
  const piece = await readFirstPiece(activations, call, bound);
  const lines = piece.rows.filter((row) => parsePoolName(String(row['partitionKey'])) !== null).map(keep);
  return { lines, next: piece.next === undefined ? [last, WHOLE] : placeOf(piece.rows.at(-1)) };
}

function keep(row: Row): KeptLine {
  return { line: LINE_OF.vm(row), place: placeOf(row) };
}

function placeOf(row: Row | undefined): ReadPlace {
  return [String(row?.['partitionKey']), String(row?.rowKey)];
}
