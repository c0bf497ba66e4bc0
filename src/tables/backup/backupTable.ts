import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { BackupSource, KeptLines, ReadPlace, StoredKind } from '../../backup/store.ts';
import { poolName } from '../../catalogue/seatPool.ts';
import { FIRST_COPIES } from '../decisions/changeTable.ts';
import {
  CLAIM_ROWS,
  FIRST_OFFER_ROW,
  KEY_SETS_PARTITION,
  LICENCES_PARTITION,
  NAMES_PARTITION,
  OFFERS_PARTITION,
  TRUST_PARTITION,
  VM_ROWS,
} from '../kit/keys.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets, StoreCall } from '../kit/storeCall.ts';
import { findNextPool } from '../seats/poolScan.ts';
import { readSums } from './hourSums.ts';
import type { ReadInPool } from './hourSums.ts';
import { LINE_OF } from './keptLines.ts';
import { readAfter, readFirst } from './readAfter.ts';

export type BackedUp = 'trust' | 'keysets' | 'offers' | 'licences' | 'holders' | 'names' | 'changes' | 'activations';

export type BackupTables = Readonly<Record<BackedUp, TableClient>>;

type OneTableKind = Exclude<StoredKind, 'vm' | 'hours'>;

/** Where the objects of a kind are. */
const PLACES: Readonly<Record<OneTableKind, { readonly table: BackedUp; readonly filter: string }>> = {
  distrust: { table: 'trust', filter: odata`PartitionKey eq ${TRUST_PARTITION} and kind eq ${'distrust'}` },
  pin: { table: 'trust', filter: odata`PartitionKey eq ${TRUST_PARTITION} and kind eq ${'pin'}` },
  keyset: { table: 'keysets', filter: odata`PartitionKey eq ${KEY_SETS_PARTITION}` },
  offer: { table: 'offers', filter: odata`PartitionKey eq ${OFFERS_PARTITION} and RowKey ge ${FIRST_OFFER_ROW}` },
  override: { table: 'holders', filter: odata`kind eq ${'override'}` },
  trial: { table: 'holders', filter: odata`kind eq ${'trial'}` },
  licence: { table: 'licences', filter: odata`PartitionKey eq ${LICENCES_PARTITION}` },
  holding: { table: 'holders', filter: odata`kind eq ${'l'}` },
  claim: {
    table: 'names',
    filter: odata`PartitionKey eq ${NAMES_PARTITION} and RowKey ge ${CLAIM_ROWS.from} and RowKey lt ${CLAIM_ROWS.to}`,
  },
  change: { table: 'changes', filter: odata`PartitionKey lt ${FIRST_COPIES}` },
};

/** What a backup reads of all tables. */
export function backupTable(tables: BackupTables, budgets: Budgets): BackupSource {
  return {
    readKept: async (kind, after) => {
      const call = { operation: `read what a backup keeps (${kind})`, budget: budgets.search };
      if (kind === 'vm') return readPool(tables.activations, call, after, readVms);
      if (kind === 'hours') return readPool(tables.activations, call, after, readSums);
      const { table, filter } = PLACES[kind];
      const rows = await readAfter(tables[table], call, filter, rowPlace(after));
      return { lines: rows.map((row) => keep(kind, row)), next: rows.length === 0 ? 'end' : placeOf(rows.at(-1)) };
    },
  };
}

function rowPlace(place: ReadPlace) {
  if (place === null) return null;
  const [partitionKey = '', rowKey = ''] = place;
  return { partitionKey, rowKey };
}

function placeOf(row: Row | undefined): ReadPlace {
  return [String(row?.['partitionKey']), String(row?.rowKey)];
}

function keep(kind: Exclude<StoredKind, 'hours'>, row: Row) {
  return { line: LINE_OF[kind](row), place: placeOf(row) };
}

/** Pool by pool: a query over all of them would go through the rows of every VM and day. */
async function readPool(
  activations: TableClient,
  call: StoreCall,
  after: ReadPlace,
  read: ReadInPool,
): Promise<KeptLines> {
  const [pool, ...within] = after ?? [];
  if (pool !== undefined) {
    const found = await read(activations, call, pool, within);
    if (found.next !== 'end') return found;
  }
  const next = await findNextPool(activations, call.budget, pool ?? null);
  return { lines: [], next: next === null ? 'end' : [poolName(next)] };
}

const readVms: ReadInPool = async (activations, call, pool, [after = VM_ROWS.from]) => {
  const range = odata`PartitionKey eq ${pool} and RowKey gt ${after} and RowKey lt ${VM_ROWS.to}`;
  const rows = await readFirst(activations, call, `${range} and (blocked eq true or keyChanges ne '[]')`);
  return { lines: rows.map((row) => keep('vm', row)), next: rows.length === 0 ? 'end' : placeOf(rows.at(-1)) };
};
