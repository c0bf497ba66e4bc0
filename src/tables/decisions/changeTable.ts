import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import { OPERATOR_ENDPOINTS } from '../../contract/endpoints.ts';
import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import { CHANGE_KINDS } from '../../contract/operators/change.ts';
import { foldCase } from '../../contract/planName.ts';
import { HELD_KINDS } from '../../decisions/changes.ts';
import type { ChangeFilter, ChangeMark, ChangeRecord, ChangeStore } from '../../decisions/changes.ts';
import { logRange, timeRange } from './decisionFilter.ts';
import type { Times } from './decisionFilter.ts';
import { changedKeys, decisionDay, decisionRow } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRows, MAX_BATCH, readPieces, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

const PIECE = 500;
const MARKS = 1_000;
/** Transactions of up to 100 rows each: more at once would wait for each other longer than a call may take. */
const BATCHES_AT_ONCE = 3;

/**
 * Operators' writes: a log by day, the newest first, and a copy of each record under what was changed, so that the changes
 * of one object are one range too.
 */
export function changeTable(changes: TableClient, budgets: Budgets): ChangeStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  const deleteWhere = async function* (filter: string, isHeld: IsHeld) {
    for await (const rows of readPieces(changes, search('look for old changes'), { filter }, PIECE)) {
      const going = await findGoing(rows, isHeld);
      await deleteRows(changes, call('delete old changes'), going);
      yield going.filter(({ partitionKey }) => String(partitionKey) < FIRST_COPIES).length;
    }
  };
  return {
    putChanges: async (records) => {
      const put = async (batch: readonly TableEntity[]) => {
        const writes = batch.map((entity) => ({ entity, put: true }) as const);
        await writeRows(changes, call('write what an operator changes'), writes);
      };
      await forEachAtOnce(batchByPartition(records.flatMap(entitiesOf)), put, BATCHES_AT_ONCE);
    },
    dropChanges: async (records) => {
      const rows = batchByPartition(records.flatMap((record) => [logKeys(record), copyKeys(record)]));
      const drop = (batch: readonly Keys[]) => deleteRows(changes, call('delete what was not changed'), batch);
      await forEachAtOnce(rows, drop, BATCHES_AT_ONCE);
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
    // Records and copies each by themselves: a process may have ended between the two.
    deleteChanges: (before, isHeld) => deleteWhere(odata`at lt ${new Date(before)}`, isHeld),
    deleteChangesOf: (of, isHeld) => deleteWhere(ofSubscription(of), isHeld),
  };
}

type IsHeld = (record: ChangeRecord) => Promise<boolean>;
type Keys = Readonly<Record<'partitionKey' | 'rowKey', string>>;

/** Days are digits, and copies lie under the names of kinds. */
export const FIRST_COPIES = 'a';

function listFilter({ kind, key, by, of, ...times }: ChangeFilter): string {
  const { days, rows } = logRange(times);
  const place = kind !== undefined && key !== undefined ? copyFilter({ kind, key }, times) : `${days} and ${rows}`;
  const conditions = [
    place,
    kind === undefined ? null : odata`kind eq ${kind}`,
    by === undefined ? null : odata`by eq ${by}`,
    of === undefined || of === null ? null : ofSubscription(of),
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

function copyFilter(of: Pick<ChangeMark, 'kind' | 'key'>, times: Times): string {
  const { partitionKey, prefix } = changedKeys(of);
  const { from, to } = timeRange(times);
  return odata`PartitionKey eq ${partitionKey} and RowKey ge ${prefix + from} and RowKey lt ${prefix + to}`;
}

function ofSubscription({ cloud, subscriptionId }: NonNullable<ChangeRecord['of']>): string {
  return odata`cloud eq ${cloud} and subscriptionId eq ${foldCase(subscriptionId)}`;
}

/** In what one transaction takes. */
function batchByPartition<T extends Keys>(rows: readonly T[]): readonly (readonly T[])[] {
  const partitions = Map.groupBy(rows, ({ partitionKey }) => partitionKey);
  return [...partitions.values()].flatMap((own) =>
    Array.from({ length: Math.ceil(own.length / MAX_BATCH) }, (_, index) =>
      own.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
    ),
  );
}

function logKeys({ id, at }: Pick<ChangeRecord, 'id' | 'at'>): Keys {
  return { partitionKey: decisionDay(at), rowKey: decisionRow(id) };
}

function copyKeys({ id, ...of }: Pick<ChangeRecord, 'id' | 'kind' | 'key'>): Keys {
  const { partitionKey, prefix } = changedKeys(of);
  return { partitionKey, rowKey: prefix + decisionRow(id) };
}

/** The rows that can go: of what is still in force who decided it stays known. */
async function findGoing(rows: readonly Row[], isHeld: IsHeld): Promise<readonly Row[]> {
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

export function entitiesOf(record: ChangeRecord): readonly (TableEntity & Keys)[] {
  const columns = columnsOf(record);
  return [logKeys(record), copyKeys(record)].map((keys) => ({ ...keys, ...columns }));
}

function columnsOf({ byName, reason, version, of, old, new: changed, at, ...rest }: ChangeRecord) {
  return {
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
export function readChangeRow(row: Row): ChangeRecord {
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
