import * as z from 'zod';

import { DECISION_CODES } from './decision.ts';
import { poolSchema } from './pool.ts';
import { cloudLookedAt, instantText } from './records.ts';

const state = z.enum(['ok', 'degraded', 'failed']);

const probe = z.strictObject({
  name: z.string(),
  state,
  detail: z.string().describe('What was found and, where it is not ok, what to do.'),
});

const codeCount = z.strictObject({
  at: instantText.describe('The beginning of the hour or day (UTC).'),
  code: z.enum(DECISION_CODES),
  count: z.int().min(1).describe('VMs, each once an hour.'),
});

const refusedCustomer = z.strictObject({
  code: z.enum(DECISION_CODES),
  customer: z.string().nullable().describe('The customer’s name, where the licence has one.'),
  licence: z.string().nullable().describe('As tokens carry it; null where there is none.'),
  cloud: z.string(),
  subscription: z.string().nullable().describe('Where there is no licence.'),
  last24h: z.int().min(0).describe('VMs, each once an hour.'),
  dayBefore: z.int().min(0).describe('The same in the 24 hours before.'),
});

const endingLicence = z.strictObject({
  id: z.string(),
  customer: z.string().nullable(),
  offer: z.string(),
  status: z.enum(['active', 'suspended', 'revoked']),
  endsAt: instantText,
});

const endingPin = z.strictObject({
  cloud: z.string(),
  name: z.string(),
  role: z.enum(['root', 'intermediate']),
  sha256: z.string(),
  endsAt: instantText,
});

const endingKey = z.strictObject({
  kind: z.enum(['signing_key', 'key_set']).describe('key_set: the set that is served under a root key.'),
  id: z.string().nullable().describe('The kid, or the thumbprint of the root key.'),
  endsAt: instantText,
});

/** All that the first page of the console shows. */
export const overview = z
  .strictObject({
    at: instantText,
    asOf: instantText.describe('What was decided before is counted.'),
    cloud: cloudLookedAt,
    readiness: z.strictObject({ state, probedAt: instantText, probes: z.array(probe) }),
    decisions: z.strictObject({
      period: z.enum(['24h', '7d']),
      by: z.enum(['hour', 'day']),
      from: instantText,
      until: instantText,
      items: z.array(codeCount),
    }),
    refused: z.strictObject({
      items: z.array(refusedCustomer).describe('The ten with the most refusals in the last 24 hours.'),
      complete: z.boolean().describe('false: there are more.'),
    }),
    pools: z.array(poolSchema).describe('The ten fullest.'),
    ending: z
      .strictObject({
        until: instantText,
        licences: z.array(endingLicence).describe('The first ones to end, at most 20.'),
        complete: z.boolean().describe('false: there are more licences.'),
        pins: z.array(endingPin),
        keys: z.array(endingKey),
      })
      .describe('What ends within 60 days.'),
  })
  .meta({ id: 'Overview' });

export type OverviewJson = z.input<typeof overview>;
