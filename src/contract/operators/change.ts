import * as z from 'zod';

import { OPERATOR_ENDPOINTS } from '../endpoints.ts';
import type { OperatorEndpoint } from '../endpoints.ts';
import { instantText } from './records.ts';

/** What an operator can change. `block`: of a VM. `offline`: a licence by file. */
export const CHANGE_KINDS = [
  ...(['licence', 'offer', 'override', 'claim', 'activation', 'block'] as const),
  ...(['pin', 'distrust', 'keyset', 'privacy', 'offline', 'restore'] as const),
] as const;

export type ChangeKind = (typeof CHANGE_KINDS)[number];

export const CHANGE_STATES = ['begun', 'done', 'failed', 'unknown'] as const;

const jsonObject = z.record(z.string(), z.unknown()).nullable();

/** One object that an operator changed. */
export const changeSchema = z
  .strictObject({
    id: z.string(),
    request: z.string().describe('The same for everything that one request changed.'),
    at: instantText,
    by: z.strictObject({
      id: z.string().describe('The object id of the operator in the directory.'),
      name: z.string().nullable().describe('As the directory’s token had it; null for applications.'),
    }),
    operation: z.enum(Object.keys(OPERATOR_ENDPOINTS) as OperatorEndpoint[]),
    kind: z.enum(CHANGE_KINDS),
    key: z.string().describe('Which object, as its address names it.'),
    old: jsonObject.describe('As it was; null if there was none.'),
    new: jsonObject.describe('As it is since then; null if it was deleted.'),
    partial: z
      .boolean()
      .describe('true: old and new have only the members that differ, because the whole is too long.'),
    reason: z.string().nullable(),
    state: z
      .enum(CHANGE_STATES)
      .describe(
        'begun: it is being written. failed: it was not written. unknown: the service stopped while it wrote, and the object does not tell whether it was written.',
      ),
  })
  .meta({ id: 'Change' });

export type ChangeJson = z.input<typeof changeSchema>;
