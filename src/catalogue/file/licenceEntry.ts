import * as z from 'zod';

import type { FieldProblem } from '../../contract/wire.ts';
import { LICENCE_STATUSES } from '../licence.ts';
import type { Licence } from '../licence.ts';
import { ANY } from '../planName.ts';
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

const MAX_NOTE = 1_000;
const NOTE = must(`be a text of at most ${MAX_NOTE} characters`);

const OPTIONAL_MEMBERS = {
  status: z.enum(LICENCE_STATUSES, must('be "active", "suspended" or "revoked"')).default('active'),
  validFrom: instant.nullable().default(null),
  validUntil: instant.nullable().default(null),
  vmIds: allowed(uuid, 'VM ids').default(ANY),
  skus: allowed(sku, 'skus').default(ANY),
  features: features.default({}),
  note: z.string(NOTE).max(MAX_NOTE, NOTE).default(''),
};

const MEMBERS = { id: licenceId, cloud, subscription: uuid, offer: planName, seats, ...OPTIONAL_MEMBERS };

/** A member that an entry may leave out. */
export type OptionalMember = keyof typeof OPTIONAL_MEMBERS;

export const OPTIONAL_MEMBER_NAMES = Object.keys(OPTIONAL_MEMBERS) as readonly OptionalMember[];

const fields = z.strictObject(MEMBERS, must('be an object with the members of a licence'));

/** A licence as a catalogue file writes it. */
export const licenceEntry = fields
  .transform(({ subscription, offer, ...entry }): Licence => ({ ...entry, subscriptionId: subscription, plan: offer }))
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
