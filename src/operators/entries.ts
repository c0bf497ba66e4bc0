import * as z from 'zod';
import { formatInstant } from '../contract/instants.ts';
import type { Licence } from '../catalogue/licence.ts';
import { LICENCE_STATUSES } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import { OFFER_MODES, OFFER_STATUSES } from '../catalogue/offer.ts';
import { formatPlanName } from '../catalogue/planName.ts';
import type { Recorded } from '../contract/stored.ts';
import { writeETag } from './versions.ts';

/*
 * Offers and licences as answers have them: the same members as in a catalogue file, defaults written out, so that what
 * was read can be sent back.
 */

export const instant = z.iso.datetime();
const duration = z.string().regex(/^P/);
const seats = z.union([z.literal('unlimited'), z.int().min(0)]);
const allowed = z.union([z.literal('*'), z.array(z.string())]);
const features = z.record(z.string(), z.union([z.boolean(), z.number(), z.string()]));

/** ETag and last change of a row, beside what it holds. */
export const recordFields = {
  etag: z.string().describe('For If-Match.'),
  changedBy: z.string().describe('The object id of the operator in the directory.'),
  changedAt: instant,
};

export const offerSchema = z
  .strictObject({
    offer: z.string().describe('publisher/product/plan; the plan may be *.'),
    mode: z.enum(OFFER_MODES),
    productAliases: z.array(z.string()),
    status: z.enum(OFFER_STATUSES),
    clouds: allowed,
    skus: allowed,
    seats: seats.optional().describe('In marketplace mode: of each subscription.'),
    lifetime: duration,
    renewAfter: duration,
    grace: duration,
    lease: duration,
    requireKey: z.boolean(),
    keyChanges: z.int().min(0),
    withoutPlan: z.boolean(),
    earlyRelease: z.boolean(),
    features,
  })
  .meta({ id: 'Offer' });

export const licenceSchema = z
  .strictObject({
    id: z.string(),
    cloud: z.string(),
    subscription: z.string(),
    offer: z.string().describe('publisher/product/plan of an offer in licensed mode.'),
    seats,
    status: z.enum(LICENCE_STATUSES),
    validFrom: instant.nullable(),
    validUntil: instant.nullable(),
    vmIds: allowed,
    skus: allowed,
    features,
    note: z.string(),
  })
  .meta({ id: 'Licence' });

export const usageSchema = z
  .strictObject({
    taken: z.int().min(0).describe('VMs whose lease has not ended.'),
    over: z.int().min(0).describe('By how many VMs a lowered number of seats is exceeded.'),
    seats,
  })
  .meta({ id: 'SeatUsage' });

export function writeOffer({ plan, seats: own, ...offer }: Offer): z.input<typeof offerSchema> {
  const { productAliases, clouds, skus, lifetime, renewAfter, grace, lease, ...rest } = offer;
  return {
    offer: formatPlanName(plan),
    ...rest,
    ...(offer.mode === 'marketplace' && { seats: own }),
    ...{ productAliases: [...productAliases], clouds: list(clouds), skus: list(skus) },
    ...{ lifetime: formatDuration(lifetime), renewAfter: formatDuration(renewAfter) },
    ...{ grace: formatDuration(grace), lease: formatDuration(lease) },
  };
}

export function writeLicence({ plan, subscriptionId, ...licence }: Licence): z.input<typeof licenceSchema> {
  const { validFrom, validUntil, vmIds, skus } = licence;
  return {
    ...licence,
    subscription: subscriptionId,
    offer: formatPlanName(plan),
    validFrom: formatNullable(validFrom),
    validUntil: formatNullable(validUntil),
    ...{ vmIds: list(vmIds), skus: list(skus) },
  };
}

export function writeRecord({ version, change }: Omit<Recorded<unknown>, 'value'>) {
  return { etag: writeETag(version), changedBy: change.by, changedAt: formatInstant(change.at) };
}

function list(names: '*' | readonly string[]): '*' | string[] {
  return names === '*' ? '*' : [...names];
}

export function formatNullable(milliseconds: number | null): string | null {
  return milliseconds === null ? null : formatInstant(milliseconds);
}

const UNITS = [
  ['H', 3_600],
  ['M', 60],
  ['S', 1],
] as const;

/** ISO 8601, days first: what `parseDuration` reads. */
export function formatDuration(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1_000);
  const days = Math.floor(whole / 86_400);
  let rest = whole % 86_400;
  const time = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count === 0 ? '' : `${count}${unit}`;
  }).join('');
  if (days === 0 && time === '') return 'PT0S';
  return `P${days === 0 ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`;
}
