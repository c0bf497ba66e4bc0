import * as z from 'zod';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';
import type { Log } from '../http/edge.ts';

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

/** Of rows that cannot be read there is a line in the log. */
export function writePage<T, R>(page: ReadablePage<T>, write: (item: T) => R, log: Log) {
  const { unreadable } = page;
  if (unreadable.length > 0) {
    log('warn', 'rows_left_out', { count: unreadable.length, reasons: [...new Set(unreadable)] });
  }
  return { items: page.items.map(write), continuation: page.next };
}
