import * as z from 'zod';

import { decisionSchema } from './decision.ts';
import { cloudLookedAt, instantText } from './records.ts';

const foundId = z.strictObject({
  id: z.string(),
  cloud: z.string(),
  lastMet: instantText.describe('When it was in a decision last, or found in a pool of seats.'),
});

/** What a search finds: at most 20 of each kind. */
export const searchAnswer = z
  .strictObject({
    query: z.string(),
    cloud: cloudLookedAt,
    licences: z
      .array(
        z.strictObject({
          id: z.string(),
          customer: z.string().nullable(),
          reference: z.string().nullable(),
          offer: z.string(),
        }),
      )
      .describe('By id at once; by words of id, customer and note some minutes after they were written.'),
    subscriptions: z
      .array(foundId)
      .describe('By a whole id as soon as a decision names it; by the beginning of one some minutes later.'),
    vms: z.array(foundId).describe('As subscriptions.'),
    decisions: z.array(decisionSchema).describe('The one with this id.'),
    complete: z
      .boolean()
      .describe(
        'false: there may be more. Write more of the word or of the id. If the id is whole, search again in some minutes.',
      ),
  })
  .meta({ id: 'SearchAnswer' });

export type SearchAnswerJson = z.input<typeof searchAnswer>;
