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
    restoreOne: async (record, { restoredAt, isTrial }: RestoreRules): Promise<Restored> => {
      const due = record.kind === 'hours' ? await judgeHours(record, restoredAt) : record;
      if (due === null) return { outcome: 'kept', old: null };
      const merges = mergesOf(due);
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
