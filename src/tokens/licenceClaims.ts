import { CLOCK_SKEW } from '../contract/clocks.ts';
import * as z from 'zod';
import type { AttestationResult } from '../contract/attestation.ts';
import { vmSubject } from '../contract/claims.ts';
import type { Features, LicenceClaims } from '../contract/claims.ts';
import { numericDate } from '../contract/instants.ts';

/** What was granted: names as the offer spells them, times in milliseconds since the epoch, bounded by the caller. */
export interface LicenceGrant {
  readonly licenceId: string;
  readonly publisher: string;
  readonly product: string;
  readonly planName: string;
  readonly features: Features;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly renewAfter: number;
  readonly graceUntil: number;
}

export interface LicenceInput {
  readonly issuer: string;
  readonly attested: AttestationResult;
  readonly grant: LicenceGrant;
  readonly jti: string;
  /** RFC 7638 thumbprint of the key that the licence is bound to. */
  readonly jkt?: string;
}

/**
 * The claims of a licence. Times become NumericDate, rounded down: a licence never outlives what was granted.
 *
 * @throws {TypeError} the evidence lacks vmId, subscriptionId or sku (evidence without them is refused before this), or
 * a time is no number
 */
export function licenceClaims({ issuer, attested, grant, jti, jkt }: LicenceInput): LicenceClaims {
  const iat = toNumericDate(grant.issuedAt);
  const azure = azureClaims(attested);
  return {
    iss: issuer,
    sub: vmSubject(azure.vmId),
    aud: `${grant.publisher}/${grant.product}`,
    iat,
    nbf: iat - CLOCK_SKEW / 1000,
    exp: toNumericDate(grant.expiresAt),
    jti,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    azure,
    licence: {
      id: grant.licenceId,
      plan: { publisher: grant.publisher, product: grant.product, name: grant.planName },
      features: { ...grant.features },
      renewAfter: toNumericDate(grant.renewAfter),
      graceUntil: toNumericDate(grant.graceUntil),
    },
  };
}

function azureClaims(attested: AttestationResult): LicenceClaims['azure'] {
  const { cloud, region, subscriptionId, vmId, sku, licenseType, createdOn } = attested;
  if (subscriptionId === null || vmId === null || sku === null) {
    throw new TypeError('A licence needs evidence with vmId, subscriptionId and sku: require these claims.');
  }
  return { cloud, region, subscriptionId, vmId, sku, licenseType, documentCreatedOn: toNumericDate(createdOn) };
}

/** JSON would write what is no number as `null`. */
function toNumericDate(milliseconds: number): number {
  if (!Number.isFinite(milliseconds)) throw new TypeError('A time of a licence must be milliseconds since the epoch.');
  return numericDate(milliseconds);
}

const text = z.string();
const textOrNull = z.nullable(text);
const instant = z.int();

const schema: z.ZodType<LicenceClaims> = z.object({
  iss: text,
  sub: text,
  aud: text,
  iat: instant,
  nbf: instant,
  exp: instant,
  jti: text,
  cnf: z.exactOptional(z.object({ jkt: text })),
  azure: z.object({
    cloud: text,
    region: textOrNull,
    subscriptionId: text,
    vmId: text,
    sku: text,
    licenseType: textOrNull,
    documentCreatedOn: instant,
  }),
  licence: z.object({
    id: text,
    plan: z.object({ publisher: text, product: text, name: text }),
    features: z.record(text, z.union([z.boolean(), z.number(), text])),
    renewAfter: instant,
    graceUntil: instant,
  }),
});

/**
 * Reads the claims of a licence whose signature is verified. Claims that a newer instance may have added are left out.
 *
 * @returns null where a claim is missing or of another type
 */
export function parseLicenceClaims(value: unknown): LicenceClaims | null {
  return schema.safeParse(value).data ?? null;
}
