import * as z from 'zod';

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

const LONGEST_NOTE = 1_000;
const NOTE = must(`be a text of at most ${LONGEST_NOTE} characters`);

const MEMBERS = {
  id: licenceId,
  cloud,
  subscription: uuid,
  offer: planName,
  seats,
  status: z.enum(LICENCE_STATUSES, must('be "active", "suspended" or "revoked"')).default('active'),
  validFrom: instant.nullable().default(null),
  validUntil: instant.nullable().default(null),
  vmIds: allowed(uuid, 'VM ids').default(ANY),
  skus: allowed(sku, 'skus').default(ANY),
  features: features.default({}),
  note: z.string(NOTE).max(LONGEST_NOTE, NOTE).default(''),
};

const fields = z.strictObject(MEMBERS, must('be an object with the members of a licence'));

/** A licence as a catalogue file writes it. */
export const licenceEntry = fields
  .superRefine((entry, context) => {
    if (entry.validFrom === null || entry.validUntil === null || entry.validFrom < entry.validUntil) return;
    context.addIssue({ code: 'custom', path: ['validUntil'], message: 'must be later than validFrom', input: entry });
  })
  .transform(({ subscription, offer, ...entry }): Licence => ({ ...entry, subscriptionId: subscription, plan: offer }))
  .refine(hasEntrySize, ENTRY_SIZE);
