import * as z from 'zod';

import { LICENCE_CLASSES } from '../claims.ts';
import { EMULATOR_CLOUD } from '../clouds.ts';
import { formatNullable } from '../instants.ts';
import { MAX_SUBSCRIPTIONS } from '../maxSubscriptions.ts';
import { ANY, formatPlanName } from '../planName.ts';
import type { FieldProblem } from '../wire.ts';
import {
  allowed,
  cloud,
  features,
  instant,
  licenceId,
  must,
  note,
  overage,
  planName,
  seats,
  sku,
  uuid,
} from './fields.ts';

const LICENCE_STATUSES = ['active', 'suspended', 'revoked'] as const;

const MAX_CUSTOMER = 200;
const CUSTOMER_TEXT = must(`be a text of 1 to ${MAX_CUSTOMER} characters`);
const customerText = z.string(CUSTOMER_TEXT).min(1, CUSTOMER_TEXT).max(MAX_CUSTOMER, CUSTOMER_TEXT);
const CUSTOMER = 'be null, or an object with "name" and perhaps "reference" and "contact"';

const customer = z
  .strictObject(
    {
      name: customerText,
      reference: customerText.nullable().describe('The customer’s number in your own systems.'),
      contact: customerText.nullable().describe('Whom to write to.'),
    },
    must(CUSTOMER),
  )
  .nullable();

/** As it is sent: what is left out is null. */
const customerEntry = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { reference: null, contact: null, ...value }
      : value,
  customer,
);

const OPTIONAL_MEMBERS = {
  status: z.enum(LICENCE_STATUSES, must('be "active", "suspended" or "revoked"')),
  class: z
    .enum(LICENCE_CLASSES, must('be "production" or "development"'))
    .describe('What the VMs are for; tokens carry it.'),
  overage: overage.describe(
    'How many VMs are licensed beyond the seats, marked as over: a number, "10%" or "unlimited".',
  ),
  validFrom: instant.nullable(),
  validUntil: instant.nullable().describe('The first moment at which it is no longer valid.'),
  vmIds: allowed(uuid, 'VM ids').describe('The VMs that it covers.'),
  skus: allowed(sku, 'skus').describe('The image skus that it covers.'),
  features: features.describe('Override those of the offer.'),
  customer: customer.describe('For people.'),
  note,
};

const SUBSCRIPTIONS = `be a list of 1 to ${MAX_SUBSCRIPTIONS} subscriptions, each with its cloud, or "*" in the cloud ${EMULATOR_CLOUD.name}`;

const until = instant.nullable().describe('When the subscription leaves the licence, if it is to move to another one.');

const subscriptionSchema = z.strictObject({ cloud, subscription: uuid, until }, must(SUBSCRIPTIONS));
const subscriptionEntry = z.strictObject(
  { cloud, subscription: uuid, until: until.default(null) },
  must(SUBSCRIPTIONS),
);

const listOf = <T extends z.ZodType>(item: T) =>
  z.array(item, must(SUBSCRIPTIONS)).min(1, must(SUBSCRIPTIONS)).max(MAX_SUBSCRIPTIONS, must(SUBSCRIPTIONS));

const SUBSCRIPTIONS_HINT = 'All that share its seats. One subscription can be named by cloud and subscription instead.';

/** Either `cloud` and `subscription`, or `subscriptions`; every one of an emulator is `cloud` and `subscriptions: "*"`. */
const SCOPE_MEMBERS = {
  cloud: cloud.optional().describe('Of a licence for one subscription.'),
  subscription: uuid.optional().describe('Of a licence for one subscription.'),
};

const MEMBERS = {
  id: licenceId,
  offer: planName.describe('publisher/product/plan of an offer in licensed mode.'),
  seats,
  ...OPTIONAL_MEMBERS,
};

/** A member that an entry may leave out. */
export type OptionalMember = keyof typeof OPTIONAL_MEMBERS;

export const OPTIONAL_MEMBER_NAMES = Object.keys(OPTIONAL_MEMBERS) as readonly OptionalMember[];

/** A licence as answers and rows have it, with every member, so that what was read can be sent back. */
export const licenceSchema = z
  .strictObject({
    ...{ id: MEMBERS.id, ...SCOPE_MEMBERS },
    subscriptions: z
      .union([z.literal(ANY), listOf(subscriptionSchema)])
      .optional()
      .describe(SUBSCRIPTIONS_HINT),
    ...MEMBERS,
  })
  .meta({ id: 'Licence' });

/** A licence as it is sent, or stands in a file: what it leaves out has its default. */
const fields = z.strictObject(
  {
    ...{ id: MEMBERS.id, ...SCOPE_MEMBERS },
    subscriptions: z
      .union([z.literal(ANY), listOf(subscriptionEntry)], {
        error: (issue) =>
          Array.isArray(issue.input) ? `must ${SUBSCRIPTIONS}, each of them a valid one` : `must ${SUBSCRIPTIONS}`,
      })
      .optional()
      .describe(SUBSCRIPTIONS_HINT),
    ...MEMBERS,
    status: MEMBERS.status.default('active'),
    class: MEMBERS.class.default('production'),
    overage: MEMBERS.overage.default(0),
    validFrom: MEMBERS.validFrom.default(null),
    validUntil: MEMBERS.validUntil.default(null),
    vmIds: MEMBERS.vmIds.default(ANY),
    skus: MEMBERS.skus.default(ANY),
    features: MEMBERS.features.default({}),
    customer: customerEntry.default(null),
    note: MEMBERS.note.default(''),
  },
  must('be an object with the members of a licence'),
);

/** A licence as it is sent, checked as a whole, with its defaults. */
export const licenceEntry = fields
  .superRefine((entry, context) => {
    const problem = findScopeProblem(entry);
    if (problem !== null)
      context.addIssue({ code: 'custom', path: [problem.field], message: problem.message, input: entry });
  })
  .transform(toLicence)
  .superRefine((licence, context) => {
    const contradiction = findContradiction(licence);
    if (contradiction === null) return;
    context.addIssue({ code: 'custom', path: [contradiction.field], message: contradiction.message, input: licence });
  });

type ScopeFields = Pick<z.output<typeof fields>, 'cloud' | 'subscription' | 'subscriptions'>;

function findScopeProblem({ cloud: where, subscription, subscriptions }: ScopeFields): FieldProblem | null {
  if (subscriptions === undefined) {
    if (where === undefined && subscription === undefined)
      return { field: 'subscriptions', message: `is missing: it must ${SUBSCRIPTIONS}` };
    if (where === undefined) return { field: 'cloud', message: 'is missing: it must be the cloud of the subscription' };
    if (subscription === undefined)
      return { field: 'subscription', message: 'is missing: it must be the id of the subscription, a UUID' };
    return null;
  }
  if (subscription !== undefined)
    return { field: 'subscription', message: 'must be left out where "subscriptions" is given' };
  if (subscriptions === ANY) {
    if (where === EMULATOR_CLOUD.name) return null;
    const message = `must be a list: every subscription is possible with "cloud": "${EMULATOR_CLOUD.name}" alone`;
    return { field: 'subscriptions', message };
  }
  if (where !== undefined) return { field: 'cloud', message: 'must be left out where "subscriptions" is a list' };
  const names = subscriptions.map((one) => `${one.cloud}/${one.subscription}`);
  const index = names.findIndex((name, place) => names.indexOf(name) !== place);
  return index === -1 ? null : { field: `subscriptions[${index}]`, message: 'is there twice: remove one' };
}

/** What no licence may say, though each of its members may. */
export function findContradiction({ validFrom, validUntil }: Licence): FieldProblem | null {
  if (validFrom === null || validUntil === null || validFrom < validUntil) return null;
  return { field: 'validUntil', message: 'must be later than validFrom' };
}

/** Renamed members. Times are milliseconds since the epoch. */
function toLicence({ cloud: where, subscription, subscriptions, offer, ...entry }: z.output<typeof licenceSchema>) {
  return { ...entry, plan: offer, subscriptions: listSubscriptions({ cloud: where, subscription, subscriptions }) };
}

/** A subscription that a licence names. */
export interface LicensedSubscription {
  readonly cloud: string;
  readonly subscriptionId: string;
  /** When it leaves the licence, in milliseconds since the epoch; `null` if it stays. */
  readonly until: number | null;
}

function listSubscriptions({
  cloud: where,
  subscription,
  subscriptions,
}: ScopeFields): typeof ANY | readonly LicensedSubscription[] {
  if (subscriptions === ANY) return ANY;
  if (subscriptions !== undefined) return orderByCloud(subscriptions);
  return where === undefined || subscription === undefined
    ? []
    : [{ cloud: where, subscriptionId: subscription, until: null }];
}

/** Cloud by cloud, as rows keep them: their order means nothing, so that there is only one. */
function orderByCloud(subscriptions: z.output<typeof subscriptionSchema>[]): readonly LicensedSubscription[] {
  const clouds = new Set(subscriptions.map((one) => one.cloud));
  return Array.from(clouds, (name) => subscriptions.filter((one) => one.cloud === name))
    .flat()
    .map(({ subscription: subscriptionId, ...one }) => ({ ...one, subscriptionId }));
}

/**
 * The right of some subscriptions to run one plan, for offers in licensed mode. Its plan is a plan of the offer, or `*` itself
 * where the offer's is. `subscriptions: "*"` are all of the emulator's cloud.
 */
export type Licence = Readonly<ReturnType<typeof toLicence>>;

/** A licence as answers have it. */
export type LicenceJson = z.input<typeof licenceSchema>;

/** From a row, which {@link writeLicence} wrote. */
export const storedLicence = licenceSchema.transform(toLicence);

/** The opposite of {@link licenceEntry}. */
export function writeLicence({ plan, subscriptions, ...licence }: Licence): LicenceJson {
  return {
    ...writeSubscriptions(subscriptions),
    ...licence,
    offer: formatPlanName(plan),
    validFrom: formatNullable(licence.validFrom),
    validUntil: formatNullable(licence.validUntil),
  };
}

function writeSubscriptions(
  subscriptions: Licence['subscriptions'],
): Pick<LicenceJson, 'cloud' | 'subscription' | 'subscriptions'> {
  if (subscriptions === ANY) return { cloud: EMULATOR_CLOUD.name, subscriptions };
  const [first] = subscriptions;
  if (first?.until === null && subscriptions.length === 1)
    return { cloud: first.cloud, subscription: first.subscriptionId };
  return {
    subscriptions: subscriptions.map((one) => ({
      cloud: one.cloud,
      subscription: one.subscriptionId,
      until: formatNullable(one.until),
    })),
  };
}
