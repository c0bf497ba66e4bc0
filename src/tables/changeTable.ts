import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import type { OperatorEndpoint } from '../contract/endpoints.ts';
import { CHANGE_KINDS } from '../contract/operators/change.ts';
import { foldCase } from '../contract/planName.ts';
import { HELD_KINDS } from '../decisions/changes.ts';
import type { ChangeFilter, ChangeMark, ChangeRecord, ChangeStore } from '../decisions/changes.ts';
import { logRange } from './decisionFilter.ts';
import { changedPartition, decisionDay, decisionRow } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from './readRow.ts';
import { deleteRow, deleteRows, MAX_BATCH, readPieces, writeRows } from './rows.ts';
import type { Row } from './rows.ts';
import type { Budgets } from './storeCall.ts';

const DAY = 24 * 60 * 60 * 1000;
const PIECE = 500;
const MARKS = 1_000;

/**
 * Operators' writes: a log by day, the newest first, and a copy of each record under what was changed, so that the changes
 * of one object are one range too.
 */
export function changeTable(changes: TableClient, budgets: Budgets): ChangeStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  const deleteWhere = async function* (filter: string, isHeld: (record: ChangeRecord) => Promise<boolean>) {
    for await (const rows of readPieces(changes, search('look for old changes'), { filter }, PIECE)) {
      const going = await findGoing(rows, isHeld);
      await forEachAtOnce(going, async (row) => {
        await deleteRow(changes, call('delete the copy of a change'), { ...copyKeys(row), version: null });
      });
      await deleteRows(changes, call('delete old changes'), going);
      yield going.length;
    }
  };
  return {
    putChanges: async (records) => {
      const put = async (entities: readonly TableEntity[]) => {
        const writes = entities.map((entity) => ({ entity, put: true }) as const);
        await writeRows(changes, call('write what an operator changes'), writes);
      };
      await Promise.all([
        forEachAtOnce(batchByDay(records), (batch) => put(batch.map(logEntity))),
        forEachAtOnce(copiesOf(records), (record) => put([{ ...logEntity(record), partitionKey: changedPartition(record) }])),
      ]);
    },
    dropChanges: async (records) => {
      const rows = records.flatMap((record) => [
        logKeys(record),
        { ...logKeys(record), partitionKey: changedPartition(record) },
      ]);
      await forEachAtOnce(rows, async (row) => {
        await deleteRow(changes, call('delete what an operator did not change'), { ...row, version: null });
      });
    },
    pageChanges: async (filter, page) =>
      mapReadable(await readPage(changes, search('list changes'), { filter: listFilter(filter) }, page), readChangeRow),
    readChanged: async (times, limit) => {
      const query = { filter: listFilter(times), select: ['schema', 'at', 'kind', 'key'] };
      const found: Row[] = [];
      for await (const rows of readPieces(changes, search('read what was changed'), query, MARKS)) {
        found.push(...rows);
        if (found.length > limit) return null;
      }
      return found.map(readMark).reverse();
    },
    deleteChanges: (before, isHeld) =>
      // Whole days: the first partition to go is that of the day before the one in which `before` lies.
      deleteWhere(`${odata`PartitionKey ge ${decisionDay(before - DAY)}`} and ${IN_LOG}`, isHeld),
    deleteChangesOf: (of, isHeld) => deleteWhere(listFilter({ of }), isHeld),
  };
}

/** The copies are the costly part of many. */
const FEW = 16;

function copiesOf(records: readonly ChangeRecord[]): readonly ChangeRecord[] {
  return records.length <= FEW ? records : records.filter(({ state }) => state === 'done');
}

/** Days are digits, and copies lie under names, which begin with a letter. */
const IN_LOG = odata`PartitionKey lt ${'a'}`;

function listFilter({ kind, key, by, of, ...times }: ChangeFilter): string {
  const { days, rows } = logRange(times);
  const isOfOne = kind !== undefined && key !== undefined;
  const conditions = [
    isOfOne ? odata`PartitionKey eq ${changedPartition({ kind, key })}` : days,
    rows,
    kind === undefined ? null : odata`kind eq ${kind}`,
    by === undefined ? null : odata`by eq ${by}`,
    of === undefined || of === null
      ? null
      : odata`cloud eq ${of.cloud} and subscriptionId eq ${foldCase(of.subscriptionId)}`,
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

function batchByDay(records: readonly ChangeRecord[]): readonly (readonly ChangeRecord[])[] {
  const days = Map.groupBy(records, ({ at }) => decisionDay(at));
  return [...days.values()].flatMap((ofDay) =>
    Array.from({ length: Math.ceil(ofDay.length / MAX_BATCH) }, (_, index) =>
      ofDay.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
    ),
  );
}

function logKeys({ id, at }: Pick<ChangeRecord, 'id' | 'at'>): { partitionKey: string; rowKey: string } {
  return { partitionKey: decisionDay(at), rowKey: decisionRow(id) };
}

function copyKeys(row: Row): { partitionKey: string; rowKey: string } {
  const { kind, key } = readMark(row);
  return { partitionKey: changedPartition({ kind, key }), rowKey: String(row.rowKey) };
}

async function findGoing(
  rows: readonly Row[],
  isHeld: (record: ChangeRecord) => Promise<boolean>,
): Promise<readonly Row[]> {
  const going: Row[] = [];
  for (const row of rows) {
    const mayBeHeld = HELD_KINDS.some((kind) => kind === row['kind']);
    if (!mayBeHeld || !(await isHeld(readChangeRow(row)))) going.push(row);
  }
  return going;
}

const jsonObject = z.string().transform(parseJsonProperty).pipe(z.record(z.string(), z.unknown()));

const mark = z.object({ at: rowInstant, kind: z.enum(CHANGE_KINDS), key: z.string() });

const columns = mark.extend({
  ...{ id: z.string(), request: z.string(), by: z.string(), byName: z.string().optional() },
  operation: z.enum(Object.keys(OPERATOR_ENDPOINTS) as OperatorEndpoint[]),
  ...{ old: jsonObject.optional(), new: jsonObject.optional(), partial: z.boolean() },
  ...{ reason: z.string().optional(), state: z.enum(['begun', 'done']), version: z.string().optional() },
  ...{ cloud: z.string().optional(), subscriptionId: z.string().optional() },
});

function logEntity({ byName, reason, version, of, ...record }: ChangeRecord): TableEntity {
  const { old, new: changed, at, ...rest } = record;
  return {
    ...logKeys(record),
    schema: ROW_SCHEMA,
    ...rest,
    at: new Date(at),
    ...(byName !== null && { byName }),
    ...(reason !== null && { reason }),
    ...(version !== null && { version }),
    ...(of !== null && { cloud: of.cloud, subscriptionId: foldCase(of.subscriptionId) }),
    ...(old !== null && { old: JSON.stringify(old) }),
    ...(changed !== null && { new: JSON.stringify(changed) }),
  };
}

/** @throws StoreUnavailableError */
function readChangeRow(row: Row): ChangeRecord {
  const {
    cloud,
    subscriptionId,
    byName,
    reason,
    version,
    old,
    new: changed,
    ...rest
  } = readRow('change', columns, row);
  return {
    ...rest,
    ...{ byName: byName ?? null, reason: reason ?? null, version: version ?? null },
    ...{ old: old ?? null, new: changed ?? null },
    of: cloud === undefined || subscriptionId === undefined ? null : { cloud, subscriptionId },
  };
}

function readMark(row: Row): ChangeMark {
  return readRow('change', mark, row);
}
