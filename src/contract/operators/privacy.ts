import * as z from 'zod';

import { instantText } from './records.ts';

export const PRIVACY_KINDS = [
  ...(['licence', 'holding', 'trial', 'override', 'claim'] as const),
  ...(['activation', 'hours', 'decision', 'change', 'request'] as const),
] as const;

/** One row that is kept of a subscription. */
export const privacyItem = z
  .strictObject({
    what: z.enum(PRIVACY_KINDS),
    id: z.string().describe('Of the licence, offer, activation or decision that it is about.'),
    data: z.record(z.string(), z.unknown()).describe('What is kept, as the other routes answer it.'),
  })
  .meta({ id: 'PrivacyItem' });

export type PrivacyItemJson = z.input<typeof privacyItem>;

const keptItem = z.strictObject({
  what: z.string().describe('What stays, such as `activation licence:fabrikam/<vmId>`.'),
  until: instantText.nullable().describe('From then on it can be erased; null: until somebody does what `why` says.'),
  why: z.string(),
});

export type KeptJson = z.input<typeof keptItem>;

export const erasureReport = z
  .strictObject({
    erased: z.strictObject({
      vms: z.int().describe('Activations.'),
      hours: z.int().describe('Rows of hours whose sums are kept without a VM.'),
      decisions: z.int(),
      changes: z.int().describe('Records of what operators changed.'),
      requests: z.int().describe('Answers to operators’ writes that were kept for a repeat.'),
    }),
    kept: z.array(keptItem).describe('At most 1,000.'),
    keptInAll: z.int(),
    complete: z.boolean().describe('false: it took too long. Send the request again, with the continuation, to go on.'),
    continuation: z.string().nullable().describe('For the next request; null where it begins at the beginning.'),
  })
  .meta({ id: 'Erasure' });

export type ErasureJson = z.input<typeof erasureReport>;
