import * as z from 'zod';
import { decodeContinuation, encodeContinuation } from '../../contract/continuation.ts';
import { ContinuationError } from '../../contract/stored.ts';
import type { PageRequest, ReadablePage } from '../../contract/stored.ts';
import type { Log } from '../../http/edge.ts';

const MAX_PAGE = 1_000;
const USUAL_PAGE = 100;

/** Members of every list's query. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${MAX_PAGE}`)
    .transform(Number)
    .refine((limit) => limit <= MAX_PAGE, `must be a whole number from 1 to ${MAX_PAGE}`)
    .optional()
    .describe(`How many items at most: 1 to ${MAX_PAGE}, unless given ${USUAL_PAGE}. A page may have fewer.`),
  continuation: z.string().min(1).max(4_096).optional().describe('The continuation of the page before.'),
};

export function readPageQuery(query: {
  readonly limit?: number | undefined;
  readonly continuation?: string | undefined;
}): PageRequest {
  return { size: query.limit ?? USUAL_PAGE, continuation: query.continuation };
}

/**
 * Of rows that cannot be read there is a line in the log.
 *
 * @param cloud the one that was looked at; null: every one
 */
export function writePage<T, R>(
  page: ReadablePage<T>,
  write: (item: T) => R,
  { log, cloud = null }: { readonly log: Log; readonly cloud?: string | null | undefined },
) {
  const { unreadable } = page;
  if (unreadable.length > 0) {
    log('warn', 'rows_left_out', { count: unreadable.length, reasons: [...new Set(unreadable)] });
  }
  return { items: page.items.map(write), continuation: page.next, cloud };
}

/**
 * One page of lists of several clouds, one after another: as a rule all but one have nothing.
 *
 * @param clouds at least one
 * @throws {ContinuationError}
 */
export async function readInClouds<T>(
  clouds: readonly string[],
  { size, continuation }: PageRequest,
  read: (cloud: string, page: PageRequest) => Promise<ReadablePage<T>>,
): Promise<ReadablePage<T>> {
  const [first, rest = null] = continuation === undefined ? [0] : decodeContinuation(continuation);
  const isPlace = typeof first === 'number' && (rest === null || typeof rest === 'string');
  for (let index = Number(first), inner = rest; ; index += 1, inner = null) {
    const cloud = clouds[index];
    if (cloud === undefined || !isPlace) {
      throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
    }
    const page = await read(cloud, { size, ...(typeof inner === 'string' && { continuation: inner }) });
    if (page.next !== null) return { ...page, next: encodeContinuation([index, page.next]) };
    if (index === clouds.length - 1) return page;
    if (page.items.length > 0) return { ...page, next: encodeContinuation([index + 1, null]) };
  }
}
