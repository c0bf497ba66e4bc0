import * as z from 'zod';

import { instantText } from './records.ts';

/** One VM under one licence. */
export const activationSchema = z
  .strictObject({
    id: z.string().describe('`<pool>/<vmId>`, for addresses.'),
    pool: z.string().describe('The pool of seats: `licence:<id>`, `trial:…` or `marketplace:…`.'),
    vmId: z.string(),
    licence: z
      .string()
      .describe('As the licence was called at the last issue, or when the VM was blocked before it came.'),
    cloud: z.string().describe('`*`: of a VM that was blocked before it came, not known.'),
    subscription: z.string().describe('`*`: of a VM that was blocked before it came, any of its licence.'),
    offer: z.string().describe('At the last issue; empty if the VM never came.'),
    blocked: z.boolean(),
    movedTo: z.string().nullable().describe('The pool that the VM has gone on in, if it has left this one.'),
    seat: z.union([z.int().min(0), z.literal('uncounted')]).nullable(),
    overSince: instantText.nullable().describe('Since when the seat is beyond those that were bought.'),
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
