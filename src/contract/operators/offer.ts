import * as z from 'zod';

import {
  DEFAULT_GRACE,
  DEFAULT_LIFETIME,
  DEFAULT_OFFLINE_LIFETIME,
  DEFAULT_RENEW_AFTER,
  SECOND,
  SHORTEST_LIFETIME,
  formatDuration,
} from '../durations.ts';
import { OFFER_HELP } from '../offerHelp.ts';
import { ANY, formatPlanName } from '../planName.ts';
import { allowed, cloud, duration, features, must, overage, planName, productName, seats, sku } from './fields.ts';

/**
 * `marketplace`: running the plan is the licence, and Azure bills for it; the seats are the subscription's.
 * `licensed`: the subscription needs a licence of its own (bring your own).
 */
const OFFER_MODES = ['marketplace', 'licensed'] as const;
const OFFER_STATUSES = ['active', 'suspended'] as const;

const MAX_ALIASES = 10;
const MAX_KEY_CHANGES = 50;
const YES_NO = must('be true or false');
const MAX_TRIAL_DAYS = 400;
const TRIAL = `be null, or an object with "days" from 1 to ${MAX_TRIAL_DAYS} and "seats"`;
const FOREIGN = 'be "refuse" or "none"';
const KEY_CHANGES = must(`be a whole number up to ${MAX_KEY_CHANGES}`);

const aliases: z.ZodType<readonly string[], readonly string[]> = z
  .array(productName, must('be a list of product names'))
  .max(MAX_ALIASES, must(`have at most ${MAX_ALIASES} names`));

const MEMBERS = {
  offer: planName.describe(OFFER_HELP.offer),
  mode: z
    .enum(OFFER_MODES, must('be "marketplace" (running the plan is the licence) or "licensed"'))
    .describe(OFFER_HELP.mode),
  productAliases: aliases.describe(OFFER_HELP.productAliases),
  status: z.enum(OFFER_STATUSES, must('be "active" or "suspended"')).describe(OFFER_HELP.status),
  clouds: allowed(cloud, 'clouds').describe(OFFER_HELP.clouds),
  skus: allowed(sku, 'skus').describe(OFFER_HELP.skus),
  seats: seats.optional().describe(OFFER_HELP.seats),
  overage: overage.optional().describe(OFFER_HELP.overage),
  trial: z
    .strictObject(
      {
        days: z.int(must(TRIAL)).min(1, must(TRIAL)).max(MAX_TRIAL_DAYS, must(TRIAL)),
        seats: seats.describe('Of the trial.'),
      },
      must(TRIAL),
    )
    .nullable()
    .describe(OFFER_HELP.trial),
  lifetime: duration.describe(OFFER_HELP.lifetime),
  renewAfter: duration.describe(OFFER_HELP.renewAfter),
  grace: duration.describe(OFFER_HELP.grace),
  lease: duration.describe(OFFER_HELP.lease),
  requireKey: z.boolean(YES_NO).describe(OFFER_HELP.requireKey),
  keyChanges: z
    .number(KEY_CHANGES)
    .int(KEY_CHANGES)
    .min(0, KEY_CHANGES)
    .max(MAX_KEY_CHANGES, KEY_CHANGES)
    .describe(OFFER_HELP.keyChanges),
  withoutPlan: z.boolean(YES_NO).describe(OFFER_HELP.withoutPlan),
  onForeignPlan: z.enum(['refuse', 'none'], must(FOREIGN)).describe(OFFER_HELP.onForeignPlan),
  earlyRelease: z.boolean(YES_NO).describe(OFFER_HELP.earlyRelease),
  offline: z.boolean(YES_NO).describe(OFFER_HELP.offline),
  offlineLifetime: duration.describe(OFFER_HELP.offlineLifetime),
  features: features.describe(OFFER_HELP.features),
};

/** An offer as answers and rows have it, with every member, so that what was read can be sent back. */
export const offerSchema = z.strictObject(MEMBERS).meta({ id: 'Offer' });

/** Members that rows from before they existed lack. */
const LATER_MEMBERS = {
  offline: MEMBERS.offline.default(false),
  offlineLifetime: MEMBERS.offlineLifetime.default(DEFAULT_OFFLINE_LIFETIME),
};

/** An offer as it is sent, or stands in a catalogue file: what it leaves out has its default. */
const fields = z.strictObject(
  {
    ...MEMBERS,
    productAliases: MEMBERS.productAliases.default([]),
    status: MEMBERS.status.default('active'),
    clouds: MEMBERS.clouds.default(ANY),
    skus: MEMBERS.skus.default(ANY),
    lifetime: MEMBERS.lifetime.default(DEFAULT_LIFETIME),
    renewAfter: MEMBERS.renewAfter.optional(),
    grace: MEMBERS.grace.default(DEFAULT_GRACE),
    lease: MEMBERS.lease.optional(),
    requireKey: MEMBERS.requireKey.default(true),
    keyChanges: MEMBERS.keyChanges.default(1),
    withoutPlan: MEMBERS.withoutPlan.default(false),
    onForeignPlan: MEMBERS.onForeignPlan.default('refuse'),
    trial: MEMBERS.trial.default(null),
    earlyRelease: MEMBERS.earlyRelease.default(false),
    ...LATER_MEMBERS,
    features: MEMBERS.features.default({}),
  },
  must('be an object with the members of an offer'),
);

type OfferFields = z.output<typeof fields>;

/** An offer as it is sent, checked as a whole, with its defaults. */
export const offerEntry = fields
  .superRefine((entry, context) => {
    for (const [path, message] of contradictions(entry)) {
      context.addIssue({ code: 'custom', path: [path], message, input: entry });
    }
  })
  .transform(toOffer);

type Contradiction = readonly [path: keyof OfferFields, message: string];

function contradictions(entry: OfferFields): readonly Contradiction[] {
  const found: Contradiction[] = [];
  for (const name of ['lifetime', 'offlineLifetime'] as const) {
    if (entry[name] < SHORTEST_LIFETIME) found.push([name, 'must be at least "PT5M"']);
  }
  if (entry.renewAfter !== undefined && (entry.renewAfter <= 0 || entry.renewAfter >= entry.lifetime)) {
    found.push(['renewAfter', 'must be more than nothing and less than lifetime']);
  }
  if (entry.lease !== undefined && entry.lease < entry.lifetime) {
    found.push(['lease', 'must be at least lifetime: a seat is kept while a licence under it lives']);
  }
  if (entry.mode === 'licensed' && entry.seats !== undefined) {
    found.push(['seats', 'must be left out in licensed mode: each licence has seats of its own']);
  }
  if (entry.mode === 'licensed' && entry.overage !== undefined) {
    found.push(['overage', 'must be left out in licensed mode: each licence has its own']);
  }
  if (entry.mode === 'marketplace' && entry.trial !== null) {
    found.push(['trial', 'must be null in marketplace mode: Azure has trials of its own']);
  }
  if (entry.onForeignPlan === 'none' && !entry.withoutPlan) {
    found.push(['onForeignPlan', 'must be "refuse" unless withoutPlan is true: the VM names this offer itself']);
  }
  if (entry.mode === 'marketplace' && entry.withoutPlan) {
    found.push(['withoutPlan', 'must be false in marketplace mode: the attested plan is the licence there']);
  }
  return found;
}

/** Renamed members, and what follows from others. Durations are milliseconds. */
function toOffer({ offer, seats: own, overage: beyond, renewAfter, lease, ...entry }: OfferFields) {
  return {
    ...entry,
    plan: offer,
    seats: own ?? ('unlimited' as const),
    overage: beyond ?? 0,
    // Half a shorter lifetime, as twelve hours are half of the default one; in whole seconds, as it is written.
    renewAfter: renewAfter ?? Math.min(DEFAULT_RENEW_AFTER, Math.floor(entry.lifetime / 2 / SECOND) * SECOND),
    lease: lease ?? entry.lifetime,
  };
}

/** What a vendor sells, and on which terms. The vendor's own spelling of the plan is what tokens carry. */
export type Offer = Readonly<ReturnType<typeof toOffer>>;

/** An offer as answers have it. */
export type OfferJson = z.input<typeof offerSchema>;

/** From a row, which {@link writeOffer} wrote. */
export const storedOffer = offerSchema.extend(LATER_MEMBERS).transform(toOffer);

/** The opposite of {@link offerEntry}. */
export function writeOffer({ plan, seats: own, overage: beyond, ...offer }: Offer): OfferJson {
  const { lifetime, renewAfter, grace, lease, offlineLifetime } = offer;
  return {
    offer: formatPlanName(plan),
    ...offer,
    ...(offer.mode === 'marketplace' && { seats: own, overage: beyond }),
    ...{ lifetime: formatDuration(lifetime), renewAfter: formatDuration(renewAfter) },
    ...{ grace: formatDuration(grace), lease: formatDuration(lease) },
    offlineLifetime: formatDuration(offlineLifetime),
  };
}
