import * as z from 'zod';

import { CHANGE_KINDS } from './change.ts';
import { instantText } from './records.ts';

const digest = z.string().describe('SHA-256 over the text of the part, base64url.');

/** One part of a backup. */
export const backupPart = z
  .strictObject({
    backup: z.string().describe('The id of the backup, the same in all its parts.'),
    asOf: instantText.describe('What was changed later may be missing.'),
    part: z.string().describe('Lines of JSON, each one object. Keep the text as it is.'),
    digest,
    counts: z.record(z.string(), z.int()).describe('Objects of this part by kind.'),
    continuation: z.string().nullable().describe('For the next part; null: this is the last one.'),
    statement: z
      .string()
      .nullable()
      .describe('With the last part: a compact JWS (typ backup+jws) of the signing key over the digests of all parts.'),
    changed: z
      .array(z.strictObject({ kind: z.enum(CHANGE_KINDS), key: z.string(), at: instantText }))
      .describe('With the last part: what operators changed while the backup ran. Begin it anew to have it all.'),
    changedInAll: z.int().describe('How many changes that are; `changed` has the first 20.'),
  })
  .meta({ id: 'BackupPart' });

export type BackupPartJson = z.input<typeof backupPart>;
