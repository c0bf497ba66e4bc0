import { createHash } from 'node:crypto';

import { RestError } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { ContinuationError, StoreUnavailableError } from '../../contract/stored.ts';
import type { Page, PageRequest, ReadablePage } from '../../contract/stored.ts';
import { fetchPiece } from './rows.ts';
import type { Piece, PiecePlace, Row, RowQuery } from './rows.ts';
import { callStore } from './storeCall.ts';
import type { StoreCall } from './storeCall.ts';

/** Two keys of 1 KiB, each in base64 twice. */
const MAX_CONTINUATION = 4_096;

/** Calls for one page: the service may answer a search with empty pages; after them the caller gets one and may go on. */
const MAX_CALLS = 5;

const placeSchema = z.strictObject({ nextPartitionKey: z.string().min(1), nextRowKey: z.string().optional() });

/**
 * One page of a query.
 *
 * @param call its budget is for each page of the service, of which empty ones are passed over
 * @throws ContinuationError
 * @throws StoreUnavailableError
 */
export async function readPage(
  table: TableClient,
  call: StoreCall,
  queryOptions: RowQuery,
  { size, continuation }: PageRequest,
): Promise<Page<Row>> {
  const list = nameList(call, queryOptions);
  let place = continuation === undefined ? undefined : parseContinuation(list, continuation);
  for (let calls = 1; ; calls += 1) {
    const { rows, next } = await readPiece(table, call, queryOptions, { maxPageSize: size, place });
    const isOver = rows.length > 0 || next === undefined || calls === MAX_CALLS;
    if (isOver) return { items: rows, next: next === undefined ? null : `${list}.${next}` };
    place = next;
  }
}

/**
 * One page of several queries, one after another.
 *
 * @throws ContinuationError
 * @throws StoreUnavailableError
 */
export async function readPagesOf(
  table: TableClient,
  call: StoreCall,
  queries: readonly RowQuery[],
  { size, continuation }: PageRequest,
): Promise<Page<Row>> {
  const [, number = '0', place] =
    continuation === undefined ? [] : (/^(\d{1,3})!(.*)$/.exec(continuation) ?? ['', '999']);
  for (let index = Number(number); ; index += 1) {
    const query = queries[index];
    if (query === undefined) throw isOfNoList();
    const begun = index === Number(number) && place !== undefined && place !== '' ? { continuation: place } : {};
    const { items, next } = await readPage(table, call, query, { size, ...begun });
    if (next !== null) return { items, next: `${index}!${next}` };
    if (index === queries.length - 1) return { items, next: null };
    if (items.length > 0) return { items, next: `${index + 1}!` };
  }
}

async function readPiece(table: TableClient, call: StoreCall, query: RowQuery, from: PiecePlace): Promise<Piece> {
  const piece = await callStore(call, async (abortSignal) => {
    try {
      return await fetchPiece(table, query, from, abortSignal);
    } catch (error) {
      // Of the whole question the place alone is not ours.
      if (from.place !== undefined && error instanceof RestError && error.statusCode === 400) return null;
      throw error;
    }
  });
  if (piece === null) throw isOfNoList();
  return piece;
}

/** For lists that nothing is decided by: one bad row does not hide the others. */
export function mapReadable<T>({ items: rows, next }: Page<Row>, read: (row: Row) => T): ReadablePage<T> {
  const items: T[] = [];
  const unreadable: string[] = [];
  for (const row of rows) {
    try {
      items.push(read(row));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      unreadable.push(error.message);
    }
  }
  return { items, next, unreadable };
}

/** Which list, by what: a digest, for a filter may be long. */
function nameList({ operation }: StoreCall, { filter = '' }: RowQuery): string {
  return createHash('sha256').update(`${operation}\n${filter}`).digest('base64url').slice(0, 22);
}

/**
 * The place in this list at which a continuation goes on. It opens nothing, for the filter stays the caller's own; in
 * another list it would skip what nobody has seen.
 */
function parseContinuation(list: string, continuation: string): string {
  const [name, place = '', ...rest] = continuation.split('.');
  const isOfThisList = continuation.length <= MAX_CONTINUATION && name === list && rest.length === 0;
  if (!isOfThisList || !placeSchema.safeParse(decode(place)).success) throw isOfNoList();
  return place;
}

function isOfNoList(): ContinuationError {
  return new ContinuationError('The continuation is not one of this list: begin the list anew.');
}

function decode(place: string): unknown {
  try {
    return JSON.parse(Buffer.from(place, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
