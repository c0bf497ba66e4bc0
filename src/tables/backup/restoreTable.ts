import { randomUUID } from 'node:crypto';

import { odata } from '@azure/data-tables';
import type { TableEntity } from '@azure/data-tables';

import type { BackupRecord, RecordOf } from '../../backup/records.ts';
import { backupRecord } from '../../backup/records.ts';
import type { Restored, RestoreRules, RestoreTarget, StoredRecord } from '../../backup/store.ts';
import { dayOf } from '../../contract/dayHours.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { OFFER_LIST_ROW, OFFERS_PARTITION, usageRange } from '../kit/keys.ts';
import { ROW_SCHEMA } from '../kit/readRow.ts';
import { readOneRow, writeOneRow, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';
import { readUsageRow } from '../seats/usageRow.ts';
import type { BackupTables } from './backupTable.ts';
import { LINE_OF } from './keptLines.ts';
import { MERGES } from './merge.ts';
import type { RowMerge } from './merge.ts';
import { readFirst } from './readAfter.ts';

/** A row that others write in the same instant is read again. */
const ATTEMPTS = 5;

/** What a restore writes into all tables. */
export function restoreTable(tables: BackupTables, { call: budget, search }: Budgets): RestoreTarget {
  const call = (operation: string) => ({ operation, budget });
  const restoreRow = async ({ table, entity, over }: RowMerge, isTrial: boolean) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { partitionKey, rowKey } = entity;
      const present = await readOneRow(tables[table], call('read what may be restored'), partitionKey, rowKey);
      const next: TableEntity | null = present === null ? entity : over(present);
      const outcome = next === null ? 'kept' : present === null ? 'created' : 'replaced';
      if (next === null || isTrial) return { outcome, present } as const;
      const version = present === null ? null : String(present['etag']);
      const written = await writeOneRow(tables[table], call('restore a row'), { entity: next, version });
      if (written.outcome === 'written') return { outcome, present } as const;
    }
    throw new StoreUnavailableError('The store failed to restore a row: others write it at the same time.');
  };
  /** The hours of VMs say more than their sum: what a store has of a day that is over is not counted twice. */
  const hasHours = async ({ pool, day }: RecordOf<'hours'>) => {
    const { from, to } = usageRange({ from: day, until: day + 1 }, { after: null, last: null });
    const filter = odata`PartitionKey eq ${pool} and RowKey gt ${from} and RowKey lt ${to}`;
    const rows = await readFirst(tables.activations, { operation: 'look for hours', budget: search }, filter);
    return rows.some((row) => readUsageRow(row).vmId !== null);
  };
  return {
    restoreOne: async (record, { restoredAt, isTrial }: RestoreRules): Promise<Restored> => {
      const isOver = record.kind === 'hours' && record.day < dayOf(restoredAt);
      if (isOver && (await hasHours(record))) return { outcome: 'kept', old: null };
      const merges = mergesOf(record);
      const [first, ...others] = merges;
      if (first === undefined) throw new Error('Every object has a row.');
      const { outcome, present } = await restoreRow(first, isTrial);
      for (const other of others) await restoreRow(other, isTrial);
      return { outcome, old: oldOf(record, present) };
    },
    touchOffers: async () => {
      const key = { partitionKey: OFFERS_PARTITION, rowKey: OFFER_LIST_ROW };
      const entity = { ...key, schema: ROW_SCHEMA, mark: randomUUID() };
      await writeRows(tables.offers, call('mark the offers as changed'), [{ entity, put: true }]);
    },
  };
}

function mergesOf<K extends StoredRecord['kind']>(record: RecordOf<K>): readonly RowMerge[] {
  const { kind } = record as StoredRecord;
  return (MERGES[kind] as (record: RecordOf<K>) => readonly RowMerge[])(record);
}

function oldOf({ kind }: StoredRecord, present: Row | null): BackupRecord | null {
  if (present === null || kind === 'hours') return null;
  return backupRecord.parse(LINE_OF[kind](present));
}
