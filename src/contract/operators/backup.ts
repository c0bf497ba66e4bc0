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

const statementText = z.string().max(4_096).describe('As the last part of the backup came with it.');
const thumbprint = z.string().length(43);

/** What a restore is begun with: the statement of the backup, before any of its parts. */
const begin = z.strictObject({
  step: z.literal('begin'),
  statement: statementText,
  digests: z.array(z.string().length(43)).min(1).max(4_000).describe('Of all parts, in their order.'),
  keySet: z
    .strictObject({ token: z.string().max(16_384), root: thumbprint })
    .optional()
    .describe('A signed key set (jwks.jwt) whose keys are believed as well, and the root that must have signed it.'),
  unsigned: z
    .strictObject({ pins: z.array(z.string().length(64)).max(500) })
    .optional()
    .describe('Believe the file without a signature. Of its pins, these alone are restored. Needs a reason.'),
});

const part = z.strictObject({
  step: z.literal('part'),
  restore: z.string().max(64),
  index: z.int().min(0).max(4_000),
  part: z.string(),
});

/** With `dryRun` and an index: what restoring that part would do. */
const apply = z.strictObject({
  step: z.literal('apply'),
  restore: z.string().max(64),
  index: z.int().min(0).max(4_000).optional().describe('With dryRun: the part that is looked at.'),
});

export const restoreStep = z.discriminatedUnion('step', [begin, part, apply]).meta({ id: 'RestoreStep' });

export type RestoreStepJson = z.output<typeof restoreStep>;

const counted = z.strictObject({ created: z.int(), replaced: z.int(), kept: z.int() });

const restoreEffect = z.strictObject({
  refused: z.string().nullable().describe('Why this backup may not be restored into this store; null: it may.'),
  denied: z
    .array(z.strictObject({ kind: z.string(), key: z.string(), why: z.string() }))
    .describe(
      'What is served now and would not be afterwards, as a whole or in part: licences, offers, overrides, VMs, CAs. Seats are not compared. The first 100.',
    ),
  deniedInAll: z.int(),
  younger: z
    .array(z.strictObject({ kind: z.string(), key: z.string(), at: instantText }))
    .describe('Blocks and distrusts of the store that are younger than the backup, the newest 50 of each. They stay.'),
  erased: z
    .array(z.strictObject({ key: z.string(), at: instantText }))
    .describe(
      'Erasures of subscriptions (cloud/subscription) that may not have been over when the backup began: those that the store knows, the newest 100, and those that this part has. Repeat them after the restore.',
    ),
});

/** How far a restore is. */
export const restoreReport = z
  .strictObject({
    restore: z.string().describe('Names the restore in its next steps.'),
    backup: z.string(),
    asOf: instantText,
    signedBy: z.string().nullable().describe('The key that signed the backup; null: unsigned.'),
    root: z
      .string()
      .nullable()
      .describe(
        'The root key of the named key set, by which that key is believed; null: the service serves that key itself, or the backup is unsigned.',
      ),
    parts: z.int(),
    missing: z.array(z.int()).describe('Parts that have not come yet, by their index. At most 100.'),
    missingInAll: z.int(),
    applied: z.int().describe('How many parts are restored.'),
    done: z.boolean(),
    waitSeconds: z.int().describe('Before the next step: instances may still decide by what was there before.'),
    counts: z.record(z.string(), counted).describe('Objects of this step by kind.'),
    effect: restoreEffect.nullable().describe('With dryRun.'),
    seatsExactFrom: instantText.nullable().describe('Until then seats are not exact; null before the restore begins.'),
  })
  .meta({ id: 'RestoreReport' });

export type RestoreReportJson = z.input<typeof restoreReport>;

export const confirmReport = z
  .strictObject({
    backup: z.string(),
    asOf: instantText,
    restoredAt: instantText,
    confirmedAt: instantText,
    seatsExactFrom: instantText.describe('From then on seats_exhausted is signed again.'),
  })
  .meta({ id: 'RestoreConfirmation' });

export type ConfirmReportJson = z.input<typeof confirmReport>;
