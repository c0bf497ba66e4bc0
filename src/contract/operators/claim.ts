import * as z from 'zod';

import { instant, licenceId, must, note } from './fields.ts';
import { instantText } from './records.ts';

/** Of one code: each use is one subscription. */
export const MAX_CLAIM_USES = 200;

const USES = `be a whole number from 1 to ${MAX_CLAIM_USES}`;

/** What is asked for when a code is created. */
export const claimEntry = z.strictObject(
  {
    licence: licenceId.describe('To which the code attaches subscriptions.'),
    uses: z.number(must(USES)).int(must(USES)).min(1, must(USES)).max(MAX_CLAIM_USES, must(USES)).default(1),
    until: instant.nullable().default(null).describe('When it can no longer be used.'),
    note: note.default(''),
  },
  must('be an object with the members of a claim code'),
);

/** A claim code as operators see it: never the code itself, of which a digest is kept. */
export const claimSchema = z
  .strictObject({
    id: z.string().describe('For addresses. It says nothing about the code.'),
    licence: z.string(),
    uses: z.int().describe('How many subscriptions it can attach.'),
    used: z
      .array(z.strictObject({ cloud: z.string(), subscription: z.string(), at: instantText }))
      .describe('The subscriptions that it attached.'),
    until: instantText.nullable(),
    note: z.string(),
    createdBy: z.string(),
    createdAt: instantText,
  })
  .meta({ id: 'Claim' });

export type ClaimJson = z.input<typeof claimSchema>;

/** The only answer that has the code. */
export const createdClaim = z
  .strictObject({
    claim: claimSchema,
    code: z
      .string()
      .nullable()
      .describe('Shown once: give it to the customer. null in the answer to a repeat with the same Idempotency-Key.'),
  })
  .meta({ id: 'CreatedClaim' });
