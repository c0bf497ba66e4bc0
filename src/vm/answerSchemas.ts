import * as z from 'zod';
import type { ChallengeResponse, Discovery, LicenceResponse, ReleaseResponse } from '../contract/wire.ts';
import type { KeySet } from '../tokens/keySet.ts';
import type { Readiness } from './readiness.ts';

/* What VMs and everybody else are answered with, for the description of the routes. */

const instant = z.iso.datetime();
/** A token as it is sent. */
export const compactJws = z.string().describe('A compact JWS.');

export const challengeResponseSchema: z.ZodType<ChallengeResponse> = z
  .strictObject({ challenge: compactJws, nonce: z.string(), expiresAt: instant })
  .meta({ id: 'ChallengeResponse' });

export const licenceResponseSchema: z.ZodType<LicenceResponse> = z
  .strictObject({ licence: compactJws, expiresAt: instant, renewAfter: instant })
  .meta({ id: 'LicenceResponse' });

export const releaseResponseSchema: z.ZodType<ReleaseResponse> = z
  .strictObject({ seatFreeAt: instant })
  .meta({ id: 'ReleaseResponse' });

export const keySetSchema: z.ZodType<KeySet> = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        ...{ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), kid: z.string() },
        ...{ alg: z.literal('ES256'), use: z.literal('sig') },
      }),
    ),
  })
  .meta({ id: 'KeySet' });

export const discoverySchema: z.ZodType<Discovery> = z
  .strictObject({
    issuer: z.url(),
    endpoints: z.strictObject({
      ...{ challenges: z.url(), licences: z.url(), releases: z.url(), jwks: z.url(), signedJwks: z.url() },
    }),
    acceptedClouds: z.array(z.string()),
    algorithms: z.strictObject({ licence: z.tuple([z.literal('ES256')]), proof: z.tuple([z.literal('ES256')]) }),
    nonceStyle: z.enum(['base32', 'digits']),
    rootKeys: z.array(z.string()),
    pinSetVersion: z.string(),
  })
  .meta({ id: 'Discovery' });

const state = z.enum(['ok', 'degraded', 'failed']);
const probe = z.strictObject({ state, detail: z.string() });

export const readinessSchema: z.ZodType<Readiness> = z
  .strictObject({
    ...{ state, probedAt: instant },
    probes: z.strictObject({ store: probe, signingKey: probe, root: probe, pins: probe, challengeSecret: probe }),
  })
  .meta({ id: 'Readiness' });
