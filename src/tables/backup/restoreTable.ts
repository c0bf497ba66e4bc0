import { randomUUID } from 'node:crypto';

import { odata } from '@azure/data-tables';
import type { TableEntity } from '@azure/data-tables';

import type { BackupRecord, RecordOf } from '../../backup/records.ts';
import { backupRecord } from '../../backup/records.ts';
import type { Restored, RestoreRules, RestoreTarget, StoredRecord } from '../../backup/store.ts';
import { dayOf } from '../../contract/dayHours.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { OFFER_LIST_ROW, OFFERS_PARTITION, summedRow, usageRange } from '../kit/keys.ts';
import { ROW_SCHEMA } from '../kit/readRow.ts';
import { readOneRow, readPieces, writeOneRow, writeRows } from '../kit/rows.ts';
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
const PIECE = 1_000;

/** What a restore writes into all tables. */
export function restoreTable(tables: BackupTables, { call: budget, search }: Budgets): RestoreTarget {
  const call = (operation: string) => ({ operation, budget });
  const restoreRow = async (record: StoredRecord, index: number, { isTrial, leave }: RestoreRules) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { table, entity: keys } = mergeOf(record, index);
      const { partitionKey, rowKey } = keys;
      const present = await readOneRow(tables[table], call('read what may be restored'), partitionKey, rowKey);
      const left = rowOf(record, index, present) === null ? record : await leave(record);
      const next = left === null ? null : rowOf(left, index, present);
      const outcome = next === null ? 'kept' : present === null ? 'created' : 'replaced';
      const restored = { outcome, present, left: left ?? record } as const;
      if (next === null || isTrial) return restored;
      const version = present === null ? null : String(present['etag']);
      const written = await writeOneRow(tables[table], call('restore a row'), { entity: next, version });
      if (written.outcome === 'written') return restored;
    }
    throw new StoreUnavailableError('The store failed to restore a row: others write it at the same time.');
  };
  const hoursOf = ({ pool, day }: RecordOf<'hours'>) => {
    const { from, to } = usageRange({ from: day, until: day + 1 }, { after: null, last: null });
    return odata`PartitionKey eq ${pool} and RowKey gt ${from} and RowKey lt ${to}`;
  };
  const look = { operation: 'look for hours', budget: search };
  /** The hours of VMs say more than their sum: what a store has of a day that is over is not counted twice. */
  const hasHours = async (record: RecordOf<'hours'>) => {
    const rows = await readFirst(tables.activations, look, hoursOf(record));
    return rows.some((row) => readUsageRow(row).vmId !== null);
  };
  /** Of a day that goes on: without those that the store has of VMs. */
  const withoutKnown = async (record: RecordOf<'hours'>) => {
    const counts = [...record.counts];
    for await (const rows of readPieces(tables.activations, look, { filter: hoursOf(record) }, PIECE)) {
      for (const row of rows.map(readUsageRow)) {
        if (row.vmId === null || summedRow(row.day, row) !== summedRow(record.day, record)) continue;
        for (const hour of counts.keys())
          if ((row.hours >> hour) & 1) counts[hour] = Math.max(0, (counts[hour] ?? 0) - 1);
      }
    }
    return { ...record, counts };
  };
  const judgeHours = async (record: RecordOf<'hours'>, restoredAt: number) => {
    if (record.day < dayOf(restoredAt)) return (await hasHours(record)) ? null : record;
    const rest = await withoutKnown(record);
    return rest.counts.some((count) => count > 0) ? rest : null;
  };
  return {
    restoreOne: async (record, rules: RestoreRules): Promise<Restored> => {
      const due = record.kind === 'hours' ? await judgeHours(record, rules.restoredAt) : record;
      if (due === null) return { outcome: 'kept', old: null, left: record };
      const { outcome, present, left } = await restoreRow(due, 0, rules);
      for (const index of mergesOf(due).keys()) if (index > 0) await restoreRow(due, index, rules);
      return { outcome, old: oldOf(record, present), left };
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

function mergeOf(record: StoredRecord, index: number): RowMerge {
  const merge = mergesOf(record)[index];
  if (merge === undefined) throw new Error('Every object has a row.');
  return merge;
}

/** What becomes of a row; null: it stays. */
function rowOf(record: StoredRecord, index: number, present: Row | null): TableEntity | null {
  const { entity, over } = mergeOf(record, index);
  return present === null ? entity : over(present);
}

function oldOf({ kind }: StoredRecord, present: Row | null): BackupRecord | null {
  if (present === null || kind === 'hours') return null;
  return backupRecord.parse(LINE_OF[kind](present));
}
