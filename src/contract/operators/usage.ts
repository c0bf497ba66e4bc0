import * as z from 'zod';

/** What one licence used of one offer in one day or month. */
export const usageRow = z
  .strictObject({
    period: z.string().describe('The day, such as 2026-11-28, or the month, such as 2026-11 (UTC).'),
    licence: z.string().describe('The licence as its tokens call it: its id, `mp:…` or `trial:…`.'),
    offer: z.string(),
    cloud: z.string().optional().describe('Only where one subscription was asked for.'),
    subscription: z.string().optional().describe('Only where one subscription was asked for.'),
    vmHours: z
      .int()
      .min(1)
      .describe('Hours in which a VM was licensed, at least for a part of the hour: the sum over all VMs.'),
    mostAtOnce: z
      .int()
      .min(1)
      .describe('The highest number of VMs that were licensed in the same hour; of a month the highest of its days.'),
  })
  .meta({ id: 'UsageRow' });

export type UsageRowJson = z.input<typeof usageRow>;

/** The columns of the export, in their order. */
export const USAGE_COLUMNS = ['period', 'licence', 'offer', 'cloud', 'subscription', 'vmHours', 'mostAtOnce'] as const;
