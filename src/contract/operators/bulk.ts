import * as z from 'zod';

import { must } from './fields.ts';
import { LICENCE_FILTER } from './licenceFilter.ts';

/** Licences of one request. */
export const MAX_BULK = 1_000;

const CHANGE = 'be an object with the members to change: null removes a member, which then has its default';

/** A change of many licences at once. */
export const bulkBody = z.strictObject(
  {
    filter: z.strictObject(LICENCE_FILTER, must('be an object with the filters of the list of licences')),
    change: z
      .record(z.string(), z.unknown(), must(CHANGE))
      .describe('A merge patch (RFC 7396) of each licence; never of its id, its offer or its subscriptions.'),
    effectToken: z.string().max(100).optional().describe('Of the answer to dryRun=true. A change needs it.'),
  },
  must('be an object with "filter", "change" and "effectToken"'),
);

const OUTCOMES = ['changed', 'unchanged', 'failed', 'unknown'] as const;

/** What became of each licence. */
export const bulkReport = z
  .strictObject({
    changed: z.int(),
    unchanged: z.int(),
    failed: z.int().describe('Not changed: each says why.'),
    unknown: z.int().describe('The store failed while they were written: send the request again.'),
    licences: z.array(
      z.strictObject({
        id: z.string(),
        outcome: z.enum(OUTCOMES),
        code: z.string().optional().describe('Why it was not changed.'),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'BulkReport' });

export type BulkReportJson = z.input<typeof bulkReport>;
