import * as z from 'zod';

import { formatNullable } from '../instants.ts';
import { features, instant, must, note, overage, seats } from './fields.ts';

const STATUSES = ['active', 'suspended'] as const;

const MEMBERS = {
  status: z.enum(STATUSES, must('be "active" or "suspended"')),
  seats: seats.nullable().describe('null: as the offer says.'),
  overage: overage.nullable().describe('null: as the offer says.'),
  validUntil: instant.nullable().describe('When the subscription may no longer run the plan.'),
  features: features.describe('Override those of the offer.'),
  note,
};

/** What one subscription has otherwise than the offer says, in marketplace mode. As answers and rows have it. */
export const overrideSchema = z.strictObject(MEMBERS).meta({ id: 'Override' });

/** As it is sent: what it leaves out is as the offer says. */
export const overrideEntry = z.strictObject(
  {
    status: MEMBERS.status.default('active'),
    seats: MEMBERS.seats.default(null),
    overage: MEMBERS.overage.default(null),
    validUntil: MEMBERS.validUntil.default(null),
    features: MEMBERS.features.default({}),
    note: MEMBERS.note.default(''),
  },
  must('be an object with the members of an override'),
);

/** Times are milliseconds since the epoch. */
export type Override = Readonly<z.output<typeof overrideSchema>>;

export type OverrideJson = z.input<typeof overrideSchema>;

/** The opposite of {@link overrideEntry}. */
export function writeOverride(override: Override): OverrideJson {
  return { ...override, validUntil: formatNullable(override.validUntil) };
}
