import * as z from 'zod';

import { seats } from './fields.ts';
import { instantText, pageOf } from './records.ts';

export const POOL_KINDS = ['licence', 'trial', 'marketplace'] as const;

/** A pool of seats, as it was counted last. */
export const poolSchema = z
  .strictObject({
    pool: z.string().describe('Its name: `licence:<id>`, `trial:…` or `marketplace:…`.'),
    licence: z.string().describe('As tokens carry it: the licence’s id, `trial:…` or `mp:…`.'),
    kind: z.enum(POOL_KINDS),
    customer: z.string().nullable().describe('The customer’s name, where the licence has one.'),
    cloud: z.string(),
    subscription: z.string().describe('Of a licence its first one; `*` where it is for every one of the emulator.'),
    offer: z.string(),
    taken: z.int().min(0).describe('VMs whose lease had not ended at `asOf`.'),
    limit: seats.describe('How many seats there are. 0 where the licence, the trial or the offer is gone.'),
    overage: seats.describe('How many VMs are licensed beyond them.'),
    over: z.int().min(0).describe('How many VMs there are beyond the seats.'),
    overSince: instantText.nullable(),
    lastSeen: instantText.nullable().describe('When a VM of it was seen last, up to `asOf`; null if none was.'),
    refused: z
      .strictObject({
        last24h: z.int().min(0).describe('VMs that got no seat, each once an hour.'),
        since: instantText
          .nullable()
          .describe('Since when VMs get none, without a day’s pause; null if none was refused.'),
      })
      .describe('Of the log up to some minutes ago.'),
    asOf: instantText.describe(
      'When the seats were counted: minutes after the log speaks of the pool, and once a day.',
    ),
  })
  .meta({ id: 'Pool' });

export type PoolJson = z.input<typeof poolSchema>;

export const poolPage = pageOf(poolSchema);

/** What was used of a pool in a day. */
const poolDay = z.strictObject({
  day: z.string().describe('Such as 2026-11-28 (UTC).'),
  vmHours: z.int().min(0).describe('Hours in which a VM was licensed: the sum over all VMs.'),
  mostAtOnce: z.int().min(0).describe('The highest number of VMs that were licensed in the same hour.'),
});

export const poolHistory = z
  .strictObject({
    pool: z.string(),
    limit: seats
      .nullable()
      .describe('How many seats there are now; null if the licence, the trial or the offer is gone.'),
    days: z.array(poolDay).describe('Every day that was asked for, from the first to the last.'),
  })
  .meta({ id: 'PoolHistory' });

export type PoolHistoryJson = z.input<typeof poolHistory>;
