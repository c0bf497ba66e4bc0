import * as z from 'zod';

import { CLOUD_NAMES } from '../clouds.ts';
import { cloud, instant, must, planName, uuid } from './fields.ts';

/** What a licence is worth now, its dates and its offer's status included. */
export const EFFECTIVE_STATUSES = ['active', 'not_yet', 'expired', 'suspended', 'revoked', 'offer_suspended'] as const;

export type EffectiveStatus = (typeof EFFECTIVE_STATUSES)[number];

/** As answers have it. */
export const effective = z
  .enum(EFFECTIVE_STATUSES)
  .describe(
    'What the licence is worth now, its dates and its offer’s status included. `licence.status` is what operators wrote.',
  );

const MAX_QUERY = 200;
const QUERY = must(`be a text of 1 to ${MAX_QUERY} characters`);

/** Which licences: what is left out does not matter. */
export const LICENCE_FILTER = {
  query: z
    .string(QUERY)
    .min(1, QUERY)
    .max(MAX_QUERY, QUERY)
    .optional()
    .describe('Beginnings of words of the id, the customer or the note, without regard to case.'),
  status: z
    .enum(EFFECTIVE_STATUSES, must(`be one of ${EFFECTIVE_STATUSES.join(', ')}`))
    .optional()
    .describe('What the licence is worth now, its dates and its offer’s status included.'),
  offer: planName.optional().describe('publisher/product/plan; the plan may be *, for every plan of the product.'),
  endsBefore: instant.optional().describe('Licences that end before this time.'),
  subscription: uuid.optional(),
  cloud: cloud.optional().describe(CLOUD_NAMES.join(', ')),
};
