import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { ContinuationError, StoreUnavailableError } from '../store.ts';
import type { Page, PageRequest, ReadablePage } from '../store.ts';
import type { Row, RowQuery } from './rows.ts';
import { callStore } from './storeCall.ts';
import type { StoreCall } from './storeCall.ts';

const LONGEST_TOKEN = 4_096;

/** The service may answer a search with empty pages; after this many the caller gets one and may go on. */
const EMPTY_PAGES = 10;

const token = z.strictObject({ nextPartitionKey: z.string().min(1), nextRowKey: z.string().optional() });

/**
 * One page of a query.
 *
 * @throws ContinuationError
 * @throws StoreUnavailableError
 */
export async function readPage(
  table: TableClient,
  call: StoreCall,
  queryOptions: RowQuery,
  { size, continuation }: PageRequest,
): Promise<Page<Row>> {
  if (continuation !== undefined) checkContinuation(continuation);
  return callStore(call, async (abortSignal): Promise<Page<Row>> => {
    const place = continuation === undefined ? {} : { continuationToken: continuation };
    const pages = table.listEntities({ queryOptions, abortSignal }).byPage({ maxPageSize: size, ...place });
    let next: string | null = null;
    let count = 0;
    for await (const page of pages) {
      next = page.continuationToken ?? null;
      count += 1;
      if (page.length > 0 || count === EMPTY_PAGES) return { items: page, next };
    }
    return { items: [], next };
  });
}

/** @throws StoreUnavailableError where one of the rows cannot be read */
export function mapPage<T>(page: Page<Row>, read: (row: Row) => T): Page<T> {
  return { items: page.items.map(read), next: page.next };
}

/** As {@link mapPage}, for lists that nothing is decided by: one bad row does not hide the others. */
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

/** A place in the list is all that it can say: the filter stays the caller's own. */
function checkContinuation(continuation: string): void {
  if (continuation.length <= LONGEST_TOKEN && token.safeParse(decode(continuation)).success) return;
  throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
}

function decode(continuation: string): unknown {
  try {
    return JSON.parse(Buffer.from(continuation, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
