import { isDeepStrictEqual } from 'node:util';

import { RestError } from '@azure/data-tables';
import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables';

import { StoreUnavailableError } from '../../contract/stored.ts';
import type { DeleteOutcome, WriteOutcome, Written } from '../../contract/stored.ts';
import { askStore, callStore } from './storeCall.ts';
import type { Refusal, StoreCall } from './storeCall.ts';

export type Row = Record<string, unknown> & { rowKey?: string };

/** `version: null` inserts. */
export interface RowWrite {
  readonly entity: TableEntity;
  readonly version: string | null;
}

/** Rows of one transaction, which are of one partition. */
export const MAX_BATCH = 100;

/** Deletes a row that is there, at any version, in a transaction with others. */
export interface RowRemoval {
  readonly removed: { readonly partitionKey: string; readonly rowKey: string };
}

/** Replaces whatever is there, or inserts. */
export interface RowPut {
  readonly entity: TableEntity;
  readonly put: true;
}

export interface RowQuery {
  readonly filter?: string;
  readonly select?: string[];
}

export async function readOneRow(
  table: TableClient,
  call: StoreCall,
  partitionKey: string,
  rowKey: string,
): Promise<Row | null> {
  const row = await askStore<Row>(call, (abortSignal) => table.getEntity(partitionKey, rowKey, { abortSignal }));
  if (row === 'absent') return null;
  if (typeof row !== 'string') return row;
  throw new StoreUnavailableError(`The store failed to ${call.operation}: it answered as if this were a write.`);
}

export function readAllRows(table: TableClient, call: StoreCall, queryOptions: RowQuery): Promise<readonly Row[]> {
  return callStore(call, async (abortSignal) => {
    const found: Row[] = [];
    for await (const row of table.listEntities({ queryOptions, abortSignal })) found.push(row);
    return found;
  });
}

/** The first page that is not empty: the service may answer with an empty one while it is still searching. */
export function readFirstPage(
  table: TableClient,
  call: StoreCall,
  queryOptions: RowQuery,
  size = 100,
): Promise<readonly Row[]> {
  return callStore(call, async (abortSignal): Promise<readonly Row[]> => {
    const pages = table.listEntities({ queryOptions, abortSignal }).byPage({ maxPageSize: size });
    for await (const page of pages) if (page.length > 0) return page;
    return [];
  });
}

/** A page of the service's own, which may be empty though there are more. */
export interface Piece {
  readonly rows: readonly Row[];
  /** Where the next one begins; undefined at the end. */
  readonly next: string | undefined;
}

export interface PiecePlace {
  readonly maxPageSize: number;
  /** Undefined at the beginning. */
  readonly place: string | undefined;
}

export async function fetchPiece(
  table: TableClient,
  queryOptions: RowQuery,
  { maxPageSize, place }: PiecePlace,
  abortSignal: AbortSignal,
): Promise<Piece> {
  const settings = { maxPageSize, ...(place !== undefined && { continuationToken: place }) };
  const page = await table.listEntities({ queryOptions, abortSignal }).byPage(settings).next();
  return page.done === true ? { rows: [], next: undefined } : { rows: page.value, next: page.value.continuationToken };
}

/** Page by page, each within the call's budget: a search through a whole table takes as long as it takes. */
export async function* readPieces(
  table: TableClient,
  call: StoreCall,
  query: RowQuery,
  maxPageSize: number,
): AsyncGenerator<readonly Row[]> {
  let place: string | undefined;
  do {
    const from = { maxPageSize, place };
    const { rows, next }: Piece = await callStore(call, (signal) => fetchPiece(table, query, from, signal));
    yield rows;
    place = next;
  } while (place !== undefined);
}

const MAX_PAGE = 1_000;

/** All rows of what may be a large table, for operators: each page has the call's budget. */
export async function searchAllRows(
  table: TableClient,
  call: StoreCall,
  queryOptions: RowQuery,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for await (const rows of readPieces(table, call, queryOptions, MAX_PAGE)) found.push(...rows);
  return found;
}

/** The first row of what may be a long search, or `null`. */
export async function searchRow(table: TableClient, call: StoreCall, queryOptions: RowQuery): Promise<Row | null> {
  for await (const [row] of readPieces(table, call, queryOptions, MAX_PAGE)) if (row !== undefined) return row;
  return null;
}

/** All or nothing: one row alone, or a transaction over rows of one partition. */
export async function writeRows(
  table: TableClient,
  call: StoreCall,
  writes: readonly (RowWrite | RowPut)[],
): Promise<WriteOutcome> {
  const [only, ...more] = writes;
  if (only === undefined) throw new Error('Nothing to write: the caller plans at least one row.');
  const answer = await askStore<object>(call, (abortSignal) =>
    more.length === 0
      ? writeRow(table, only, abortSignal)
      : submitWhole(table, writes.map(transactionAction), abortSignal),
  );
  return outcomeOf(answer);
}

/**
 * A transaction whose answer says of each row that it was written. The client throws for a refusal that it can read, and
 * takes what it cannot read, or what is missing, for success.
 */
async function submitWhole(table: TableClient, actions: TransactionAction[], abortSignal: AbortSignal) {
  const answer = await table.submitTransaction(actions, { abortSignal });
  const written = answer.subResponses.filter(({ status }) => status >= 200 && status < 300);
  if (written.length !== actions.length) throw new RestError('not of every row', { code: 'TransactionAnswerNotWhole' });
  return answer;
}

/** One row and the removal of others of its partition, all or nothing. */
export async function replaceRows(
  table: TableClient,
  call: StoreCall,
  write: RowWrite,
  removed: readonly RowRemoval[],
): Promise<WriteOutcome> {
  const actions = [write, ...removed].map(transactionAction);
  return outcomeOf(await askStore<object>(call, (abortSignal) => submitWhole(table, actions, abortSignal)));
}

/** Rows of one partition, all or nothing, with the version that each then has; `''` for one that was removed. */
export async function writeTransaction(
  table: TableClient,
  call: StoreCall,
  writes: readonly (RowWrite | RowPut | RowRemoval)[],
): Promise<{ readonly outcome: 'written'; readonly versions: readonly string[] } | { readonly outcome: 'refused' }> {
  const actions = writes.map(transactionAction);
  const answer = await askStore(call, (abortSignal) => submitWhole(table, actions, abortSignal));
  if (typeof answer === 'string') return { outcome: 'refused' };
  return { outcome: 'written', versions: answer.subResponses.map(({ etag = '' }) => etag) };
}

/** One row, with the version that it then has. */
export async function writeOneRow(table: TableClient, call: StoreCall, write: RowWrite): Promise<Written> {
  const answer = await askStore<WriteAnswer>(call, (abortSignal) => writeRow(table, write, abortSignal));
  if (typeof answer !== 'string') return { outcome: 'written', version: answer.etag ?? '' };
  return { outcome: answer === 'absent' ? 'changed' : answer };
}

/** What tells one write of a row from every other. */
const OF_ONE_WRITE = ['content', 'changedBy', 'changedAt', 'changeId'] as const;

/** The client sends a request again whose answer was lost, and is then refused for its own row: that is success. */
export async function writeOwnRow(table: TableClient, call: StoreCall, write: RowWrite): Promise<Written> {
  const written = await writeOneRow(table, call, write);
  if (written.outcome === 'written') return written;
  const { entity } = write;
  const present = await readOneRow(table, call, entity.partitionKey, entity.rowKey);
  const isOwn = present !== null && OF_ONE_WRITE.every((name) => isDeepStrictEqual(present[name], entity[name]));
  return isOwn ? { outcome: 'written', version: String(present['etag']) } : written;
}

/** `version: null` deletes the row at any version. */
export async function deleteRow(
  table: TableClient,
  call: StoreCall,
  { partitionKey, rowKey, version }: { partitionKey: string; rowKey: string; version: string | null },
): Promise<DeleteOutcome> {
  const answer = await askStore<object>(call, (abortSignal) =>
    table.deleteEntity(partitionKey, rowKey, { etag: version ?? '*', abortSignal }),
  );
  if (typeof answer !== 'string') return 'deleted';
  return answer === 'absent' ? 'absent' : 'changed';
}

/** Rows at any version, in transactions. Where one of a transaction is gone already, its others stay: that is no failure. */
export async function deleteRows(table: TableClient, call: StoreCall, rows: readonly Row[]): Promise<void> {
  for (const batch of batchByPartition(rows)) {
    const actions = batch.map(({ partitionKey, rowKey }): TransactionAction => [
      'delete',
      { partitionKey: String(partitionKey), rowKey: String(rowKey) },
    ]);
    await askStore<object>(call, (abortSignal) => submitWhole(table, actions, abortSignal));
  }
}

/** @param rows in the order of their partitions, as a query answers them */
function batchByPartition(rows: readonly Row[]): readonly (readonly Row[])[] {
  const batches: Row[][] = [];
  for (const row of rows) {
    const last = batches.at(-1);
    if (last?.[0]?.['partitionKey'] === row['partitionKey'] && last !== undefined && last.length < MAX_BATCH)
      last.push(row);
    else batches.push([row]);
  }
  return batches;
}

interface WriteAnswer {
  readonly etag?: string;
}

function writeRow(table: TableClient, write: RowWrite | RowPut, abortSignal: AbortSignal): Promise<WriteAnswer> {
  if ('put' in write) return table.upsertEntity(write.entity, 'Replace', { abortSignal });
  const { entity, version } = write;
  if (version === null) return table.createEntity(entity, { abortSignal });
  return table.updateEntity(entity, 'Replace', { etag: version, abortSignal });
}

function transactionAction(write: RowWrite | RowPut | RowRemoval): TransactionAction {
  if ('removed' in write) return ['delete', write.removed];
  if ('put' in write) return ['upsert', write.entity, 'Replace'];
  const { entity, version } = write;
  return version === null ? ['create', entity] : ['update', entity, 'Replace', { etag: version }];
}

/** A row that is gone is one that changed. */
function outcomeOf(answer: object | Refusal): WriteOutcome {
  if (typeof answer !== 'string') return 'written';
  return answer === 'absent' ? 'changed' : answer;
}
