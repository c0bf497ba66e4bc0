import * as z from 'zod';

import { DECISION_CODES } from './decision.ts';
import { cloudLookedAt, instantText } from './records.ts';

const at = instantText.describe('The beginning of the hour or day (UTC).');

const decisionCount = z.strictObject({
  at,
  code: z.enum(DECISION_CODES),
  offer: z.string().describe('`publisher/product/plan` of the offer that was found; `-` where none was.'),
  cloud: z.string(),
  count: z.int().min(1).describe('VMs in an hour: one that repeats counts once. Of a day it is the sum of its hours.'),
});

const issueCount = z.strictObject({
  at,
  cloud: z.string(),
  issuer: z.string().describe('Common name of the CA that issued the certificate under the evidence.'),
  count: z.int().min(1).describe('Licences that were issued, renewals too.'),
});

/** What was decided, hour by hour or day by day. */
export const statisticsPage = z
  .strictObject({
    by: z.enum(['hour', 'day']),
    from: instantText.describe('The beginning of the first hour or day that was counted.'),
    until: instantText.describe('The end of the last one.'),
    asOf: instantText.describe(
      'Everything that was decided before is counted. It is earlier than now only while the projector is far behind.',
    ),
    cloud: cloudLookedAt,
    items: z.array(decisionCount).describe('In the order of time. What never happened has no item.'),
    issues: z
      .array(issueCount)
      .describe(
        'Issues by CA, whatever code and offer were asked for. Each instance counts them and writes them once a minute: where one ends unexpectedly, up to a minute of them is missing.',
      ),
    continuation: z.string().nullable().describe('For the next page; null at the end.'),
  })
  .meta({ id: 'DecisionStatistics' });

export type StatisticsPageJson = z.input<typeof statisticsPage>;
