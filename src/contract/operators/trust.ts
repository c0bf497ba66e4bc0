import * as z from 'zod';

import { CLOUD_NAMES } from '../clouds.ts';
import { cloudLookedAt, instantText, recordFields } from './records.ts';

export const digest = z
  .string()
  .transform((text) => text.replaceAll(':', '').toLowerCase())
  .refine((text) => /^[0-9a-f]{64}$/.test(text), 'must be a SHA-256 in hexadecimal')
  .describe('SHA-256 in hexadecimal.');

const note = z.string().max(1_000).default('');

export const pinSchema = z
  .strictObject({
    cloud: z.string(),
    sha256: z.string(),
    role: z.enum(['root', 'intermediate']),
    name: z.string(),
    notAfter: instantText,
    certificate: z.string().describe('PEM.'),
    note: z.string(),
    ...recordFields,
  })
  .meta({ id: 'OperatorPin' });

export const distrustSchema = z
  .strictObject({ sha256: z.string(), note: z.string(), ...recordFields })
  .meta({ id: 'Distrust' });

export const pinStatus = z.strictObject({
  ...{ name: z.string(), role: z.enum(['root', 'intermediate']), sha256: z.string() },
  ...{ notBefore: instantText, notAfter: instantText },
});

const verdict = z.enum(['ok', 'degraded', 'failed']);
const pinList = z.array(pinStatus);

export const cloudStatus = z
  .strictObject({
    ...{ cloud: z.string(), domain: z.string(), accepted: z.boolean(), verdict },
    pathUntil: instantText.nullable().describe('Until when the best of today’s paths lasts.'),
    path: z.array(z.string()),
    missing: pinList.describe('Pins that documents may be signed under today, without a certificate at hand.'),
    ...{ missingHistoric: pinList, withoutPath: pinList, expired: pinList, endingSoon: pinList, distrusted: pinList },
  })
  .meta({ id: 'CloudTrust' });

export const trustReport = z
  .strictObject({
    ...{ at: instantText, version: z.string(), verdict, clouds: z.array(cloudStatus) },
    ...{ pins: z.array(pinSchema), distrusts: z.array(distrustSchema) },
  })
  .meta({ id: 'TrustReport' });

export const issuerSchema = z
  .strictObject({
    name: z.string().describe('As a certificate’s text had it: anybody may have written that.'),
    cloud: z.string().nullable(),
    ...{ firstSeen: instantText, lastSeen: instantText, count: z.int() },
  })
  .meta({ id: 'UnknownIssuer' });

export const issuerList = z.strictObject({ items: z.array(issuerSchema), cloud: cloudLookedAt });

export const pinBody = z.strictObject({
  cloud: z.enum(CLOUD_NAMES),
  certificate: z.string().max(32_768).describe('PEM, one certificate.'),
  newAnchor: z
    .boolean()
    .default(false)
    .describe('Pins a CA that no anchor leads to. Use it only if you have verified its fingerprint.'),
  note,
});

export const distrustBody = z.strictObject({ sha256: digest, note });

export type PinJson = z.input<typeof pinSchema>;
export type DistrustJson = z.input<typeof distrustSchema>;
export type IssuerJson = z.input<typeof issuerSchema>;
export type CloudStatusJson = z.input<typeof cloudStatus>;
export type TrustReportJson = z.input<typeof trustReport>;
