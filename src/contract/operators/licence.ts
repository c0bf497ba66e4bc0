import * as z from 'zod';

import { formatNullable } from '../instants.ts';
import { ANY, formatPlanName } from '../planName.ts';
import type { FieldProblem } from '../wire.ts';
import {
  ENTRY_SIZE,
  allowed,
  hasEntrySize,
  cloud,
  features,
  instant,
  licenceId,
  must,
  planName,
  seats,
  sku,
  uuid,
} from './fields.ts';

const LICENCE_STATUSES = ['active', 'suspended', 'revoked'] as const;

const MAX_NOTE = 1_000;
const NOTE = must(`be a text of at most ${MAX_NOTE} characters`);

const OPTIONAL_MEMBERS = {
  status: z.enum(LICENCE_STATUSES, must('be "active", "suspended" or "revoked"')),
  validFrom: instant.nullable(),
  validUntil: instant.nullable().describe('The first moment at which it is no longer valid.'),
  vmIds: allowed(uuid, 'VM ids').describe('The VMs that it covers.'),
  skus: allowed(sku, 'skus').describe('The image skus that it covers.'),
  features: features.describe('Override those of the offer.'),
  note: z.string(NOTE).max(MAX_NOTE, NOTE).describe('For operators.'),
};

const MEMBERS = {
  id: licenceId,
  cloud,
  subscription: uuid,
  offer: planName.describe('publisher/product/plan of an offer in licensed mode.'),
  seats,
  ...OPTIONAL_MEMBERS,
};

/** A member that an entry may leave out. */
export type OptionalMember = keyof typeof OPTIONAL_MEMBERS;

export const OPTIONAL_MEMBER_NAMES = Object.keys(OPTIONAL_MEMBERS) as readonly OptionalMember[];

/** A licence as answers and rows have it, with every member, so that what was read can be sent back. */
export const licenceSchema = z.strictObject(MEMBERS).meta({ id: 'Licence' });

/** A licence as it is sent, or stands in a file: what it leaves out has its default. */
const fields = z.strictObject(
  {
    ...MEMBERS,
    status: MEMBERS.status.default('active'),
    validFrom: MEMBERS.validFrom.default(null),
    validUntil: MEMBERS.validUntil.default(null),
    vmIds: MEMBERS.vmIds.default(ANY),
    skus: MEMBERS.skus.default(ANY),
    features: MEMBERS.features.default({}),
    note: MEMBERS.note.default(''),
  },
  must('be an object with the members of a licence'),
);

/** A licence as it is sent, checked as a whole, with its defaults. */
export const licenceEntry = fields
  .transform(toLicence)
  .superRefine((licence, context) => {
    const contradiction = findContradiction(licence);
    if (contradiction === null) return;
    context.addIssue({ code: 'custom', path: [contradiction.field], message: contradiction.message, input: licence });
  })
  .refine(hasEntrySize, ENTRY_SIZE);

/** What no licence may say, though each of its members may. */
export function findContradiction({ validFrom, validUntil }: Licence): FieldProblem | null {
  if (validFrom === null || validUntil === null || validFrom < validUntil) return null;
  return { field: 'validUntil', message: 'must be later than validFrom' };
}

/** Renamed members. Times are milliseconds since the epoch. */
function toLicence({ subscription, offer, ...entry }: z.output<typeof licenceSchema>) {
  return { ...entry, subscriptionId: subscription, plan: offer };
}

/**
 * One subscription's right to run one plan, for offers in licensed mode. Its plan is a plan of the offer, or `*` itself where
 * the offer's is.
 */
export type Licence = Readonly<ReturnType<typeof toLicence>>;

/** A licence as answers have it. */
export type LicenceJson = z.input<typeof licenceSchema>;

/** From a row, which {@link writeLicence} wrote. */
export const storedLicence = licenceSchema.transform(toLicence);

/** The opposite of {@link licenceEntry}. */
export function writeLicence({ plan, subscriptionId, ...licence }: Licence): LicenceJson {
  return {
    ...licence,
    subscription: subscriptionId,
    offer: formatPlanName(plan),
    validFrom: formatNullable(licence.validFrom),
    validUntil: formatNullable(licence.validUntil),
  };
}
