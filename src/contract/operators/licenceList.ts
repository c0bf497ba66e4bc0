import * as z from 'zod';

import { cloudLookedAt, licenceItem, pageOf } from './records.ts';

export const EFFECTIVE_STATUSES = ['active', 'not_yet', 'expired', 'suspended', 'revoked', 'offer_suspended'] as const;

export type EffectiveStatus = (typeof EFFECTIVE_STATUSES)[number];

export const listedLicence = licenceItem
  .extend({
    effective: z
      .enum(EFFECTIVE_STATUSES)
      .describe('What its VMs meet now: of offer, status and times. `licence.status` is what operators wrote.'),
  })
  .meta({ id: 'ListedLicence' });

export const licencePage = pageOf(listedLicence).extend({
  cloud: cloudLookedAt,
  lookedAt: z
    .int()
    .min(0)
    .describe(
      'How many licences were looked at for this page. It may end before it is full: then there is a continuation, and the next page looks on.',
    ),
});
