import * as z from 'zod';

import { effective } from './licenceFilter.ts';
import { licenceItem, pageOf } from './records.ts';

export const listedLicence = licenceItem.extend({ effective }).meta({ id: 'ListedLicence' });

export type ListedLicenceJson = z.input<typeof listedLicence>;

export const licencePage = pageOf(listedLicence).extend({
  lookedAt: z
    .int()
    .min(0)
    .describe(
      'How many licences were looked at for this page. It may end before it is full: then there is a continuation, and the next page looks on.',
    ),
});
