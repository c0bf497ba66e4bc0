import * as z from 'zod';

import { instantText } from './records.ts';

/** One VM under one licence. */
export const activationSchema = z
  .strictObject({
    id: z.string().describe('Of the activation, for addresses.'),
    vmId: z.string(),
    licence: z
      .string()
      .describe('As the licence was called at the last issue, or when the VM was blocked before it came.'),
    mode: z.enum(['licensed', 'marketplace']),
    cloud: z.string(),
    subscription: z.string(),
    offer: z.string(),
    blocked: z.boolean(),
    seat: z.union([z.int().min(0), z.literal('uncounted')]).nullable(),
    leaseEnd: instantText,
    graceUntil: instantText.describe('Until then the VM’s software may run on its licences without the service.'),
    key: z.string().nullable().describe('Thumbprint (RFC 7638) of the key of the newest licence.'),
    keyChanges: z.array(z.strictObject({ from: z.string().nullable(), at: instantText, until: instantText })),
    region: z.string().nullable(),
    sku: z.string(),
    client: z.string().nullable(),
    label: z.string().nullable().describe('A name of the machine for people, the VM’s own word.'),
    firstSeen: instantText,
    lastSeen: instantText,
    etag: z.string(),
  })
  .meta({ id: 'Activation' });

export type ActivationJson = z.input<typeof activationSchema>;
