import * as z from 'zod';

import { effective } from './licenceFilter.ts';
import { instantText, licenceItem, pageOf } from './records.ts';

export const listedLicence = licenceItem
  .extend({
    effective,
    counted: z
      .strictObject({
        taken: z.int().min(0).describe('VMs whose lease had not ended.'),
        over: z.int().min(0).describe('VMs beyond the seats.'),
        lastSeen: instantText.nullable().describe('When a VM was seen last, up to `asOf`; null if none was.'),
        asOf: instantText,
      })
      .nullable()
      .optional()
      .describe(
        'With `counted=true`: the licence’s pool of seats, as GET /pools has it; null if it was not counted yet.',
      ),
  })
  .meta({ id: 'ListedLicence' });

export type ListedLicenceJson = z.input<typeof listedLicence>;

export const licencePage = pageOf(listedLicence).extend({
  lookedAt: z
    .int()
    .min(0)
    .describe(
      'How many licences were looked at for this page. It may end before it is full: then there is a continuation, and the next page looks on.',
    ),
});
