import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { BackupSource, ReadPlace, StoredKind } from '../../backup/store.ts';
import { FIRST_COPIES } from '../decisions/changeTable.ts';
import {
  CLAIM_ROWS,
  FIRST_OFFER_ROW,
  KEY_SETS_PARTITION,
  LICENCES_PARTITION,
  NAMES_PARTITION,
  OFFERS_PARTITION,
  TRUST_PARTITION,
} from '../kit/keys.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';
import { readBoundVms } from './boundVms.ts';
import { readSums } from './hourSums.ts';
import { LINE_OF } from './keptLines.ts';
import { readAfter } from './readAfter.ts';

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
      if (kind === 'vm') return readBoundVms(tables.activations, call, after);
      if (kind === 'hours') return readSums(tables.activations, call, after);
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

function keep(kind: OneTableKind, row: Row) {
  return { line: LINE_OF[kind](row), place: placeOf(row) };
}
