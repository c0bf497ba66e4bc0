import * as z from 'zod';

import { GRANT_CODES, LICENCE_CODES } from '../codes.ts';
import { activationSchema } from './activation.ts';
import { licenceSchema } from './licence.ts';
import { seats } from './fields.ts';
import { offerSchema } from './offer.ts';
import { overrideSchema } from './override.ts';
import { instantText, pageOf, usageSchema } from './records.ts';

export const DECISION_CODES = [...LICENCE_CODES, 'challenge_replayed', ...GRANT_CODES] as const;

const nullableText = z.string().nullable();

export const attestedPlan = z.strictObject({ publisher: nullableText, product: nullableText, name: nullableText });

export const decisionCheck = z.strictObject({
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped', 'not_reached']),
  detail: z.string().optional(),
});

export const decisionSchema = z
  .strictObject({
    id: z.string().describe('The correlation id of the answer that the VM got.'),
    at: instantText,
    code: z.enum(DECISION_CODES),
    cloud: z.string(),
    subscription: z.string(),
    vmId: z.string(),
    plan: attestedPlan.nullable().describe('As Azure attested it.'),
    claimedOffer: nullableText.describe('The VM’s own word.'),
    offer: nullableText.describe('`publisher/product/plan` of the offer that was found.'),
    licence: nullableText,
    region: nullableText,
    sku: nullableText,
    checks: z.array(decisionCheck),
  })
  .meta({ id: 'Decision' });

export type DecisionJson = z.input<typeof decisionSchema>;

/** What would be decided now. */
export const presentSchema = z
  .strictObject({
    at: instantText,
    outcome: z
      .enum(['granted', ...LICENCE_CODES])
      .describe(
        'What offers, licences, blocks and seats would lead to now. A VM that was refused for its key is taken to come with such a key again, any other with the key of its licence. One that was refused a licence by file is taken to ask by file again.',
      ),
    offer: offerSchema.nullable(),
    licence: licenceSchema.nullable(),
    leaving: licenceSchema
      .nullable()
      .describe('The licence that the subscription is leaving: a VM with a seat there renews in it.'),
    trial: z
      .strictObject({ startedAt: instantText, endsAt: instantText, seats })
      .nullable()
      .describe('Of the subscription, also if it has ended.'),
    override: overrideSchema.nullable().describe('Of the subscription, in marketplace mode.'),
    usage: usageSchema.nullable(),
    activation: activationSchema.nullable(),
  })
  .meta({ id: 'Present' });

/** Why it was decided so, who can fix it, and what would be decided now. */
export const explanationSchema = z
  .strictObject({
    decision: decisionSchema,
    title: z.string().describe('What happened.'),
    advice: z.string().describe('What to do, and who can.'),
    failed: z.strictObject({ check: z.string(), detail: z.string().nullable() }).nullable(),
    now: presentSchema,
  })
  .meta({ id: 'Explanation' });

/** Decisions, the newest first. */
export const decisionPage = pageOf(decisionSchema);

export type ExplanationJson = z.input<typeof explanationSchema>;
