import * as z from 'zod';

import { OFFER_MODES, OFFER_STATUSES } from '../offer.ts';
import type { Offer } from '../offer.ts';
import { ANY } from '../planName.ts';
import { DEFAULT_GRACE, DEFAULT_LIFETIME, DEFAULT_RENEW_AFTER, SECOND, SHORTEST_LIFETIME } from './duration.ts';
import {
  ENTRY_SIZE,
  allowed,
  cloud,
  duration,
  features,
  hasEntrySize,
  must,
  planName,
  productName,
  seats,
  sku,
} from './fields.ts';

const MAX_ALIASES = 10;
const MAX_KEY_CHANGES = 50;
const YES_NO = must('be true or false');
const KEY_CHANGES = must(`be a whole number up to ${MAX_KEY_CHANGES}`);

const MEMBERS = {
  offer: planName,
  mode: z.enum(OFFER_MODES, must('be "marketplace" (running the plan is the licence) or "licensed"')),
  productAliases: z
    .array(productName, must('be a list of product names'))
    .max(MAX_ALIASES, must(`have at most ${MAX_ALIASES} names`))
    .default([]),
  status: z.enum(OFFER_STATUSES, must('be "active" or "suspended"')).default('active'),
  clouds: allowed(cloud, 'clouds').default(ANY),
  skus: allowed(sku, 'skus').default(ANY),
  seats: seats.optional(),
  lifetime: duration.default(DEFAULT_LIFETIME),
  renewAfter: duration.optional(),
  grace: duration.default(DEFAULT_GRACE),
  lease: duration.optional(),
  requireKey: z.boolean(YES_NO).default(true),
  keyChanges: z.number(KEY_CHANGES).int(KEY_CHANGES).min(0, KEY_CHANGES).max(MAX_KEY_CHANGES, KEY_CHANGES).default(1),
  withoutPlan: z.boolean(YES_NO).default(false),
  earlyRelease: z.boolean(YES_NO).default(false),
  features: features.default({}),
};

const fields = z.strictObject(MEMBERS, must('be an object with the members of an offer'));

type OfferFields = z.output<typeof fields>;

/** An offer as a catalogue file writes it, with its defaults (protocol, sections 3 and 5). */
export const offerEntry = fields
  .superRefine((entry, context) => {
    for (const [path, message] of contradictions(entry)) {
      context.addIssue({ code: 'custom', path: [path], message, input: entry });
    }
  })
  .transform(toOffer)
  .refine(hasEntrySize, ENTRY_SIZE);

type Contradiction = readonly [path: keyof OfferFields, message: string];

function contradictions(entry: OfferFields): readonly Contradiction[] {
  const found: Contradiction[] = [];
  if (entry.lifetime < SHORTEST_LIFETIME) found.push(['lifetime', 'must be at least "PT5M"']);
  if (entry.renewAfter !== undefined && (entry.renewAfter <= 0 || entry.renewAfter >= entry.lifetime)) {
    found.push(['renewAfter', 'must be more than nothing and less than lifetime']);
  }
  if (entry.lease !== undefined && entry.lease < entry.lifetime) {
    found.push(['lease', 'must be at least lifetime: a seat is kept while a licence under it lives']);
  }
  if (entry.mode === 'licensed' && entry.seats !== undefined) {
    found.push(['seats', 'must be left out in licensed mode: each licence has seats of its own']);
  }
  if (entry.mode === 'marketplace' && entry.withoutPlan) {
    found.push(['withoutPlan', 'must be false in marketplace mode: the attested plan is the licence there']);
  }
  return found;
}

function toOffer({ offer, seats: own, renewAfter, lease, ...entry }: OfferFields): Offer {
  return {
    ...entry,
    plan: offer,
    seats: own ?? 'unlimited',
    // Half a shorter lifetime, as twelve hours are half of the default one; in whole seconds, as it is written.
    renewAfter: renewAfter ?? Math.min(DEFAULT_RENEW_AFTER, Math.floor(entry.lifetime / 2 / SECOND) * SECOND),
    lease: lease ?? entry.lifetime,
  };
}
