import { CLOCK_SKEW } from '../contract/clocks.ts';
import * as z from 'zod';
import type { AttestedVm } from '../contract/attestation.ts';
import { vmSubject } from '../contract/claims.ts';
import type { Features, LicenceClaims } from '../contract/claims.ts';
import { numericDate } from '../contract/instants.ts';

/** What is granted, and until when; times are milliseconds since the epoch, bounded by the caller. */
export interface LicenceInput {
  readonly issuer: string;
  readonly vm: AttestedVm;
  /** Names as the offer spells them. */
  readonly entitlement: {
    readonly licenceId: string;
    readonly plan: LicenceClaims['licence']['plan'];
    readonly features: Features;
  };
  readonly times: { readonly expiresAt: number; readonly renewAfter: number; readonly graceUntil: number };
  readonly issuedAt: number;
  readonly jti: string;
  /** RFC 7638 thumbprint of the key that the licence is bound to. */
  readonly jkt?: string | undefined;
}

/**
 * The claims of a licence. Times become NumericDate, rounded down: a licence never outlives what was granted.
 *
 * @throws {TypeError} a time is no number
 */
export function licenceClaims({ issuer, vm, entitlement, times, issuedAt, jti, jkt }: LicenceInput): LicenceClaims {
  const iat = toNumericDate(issuedAt);
  const { licenceId: id, plan, features } = entitlement;
  const { cloud, region, subscriptionId, vmId, sku, licenseType, createdOn } = vm;
  const documentCreatedOn = toNumericDate(createdOn);
  return {
    iss: issuer,
    sub: vmSubject(vmId),
    aud: `${plan.publisher}/${plan.product}`,
    iat,
    nbf: iat - CLOCK_SKEW / 1000,
    exp: toNumericDate(times.expiresAt),
    jti,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    azure: { cloud, region, subscriptionId, vmId, sku, licenseType, documentCreatedOn },
    licence: {
      id,
      plan: { publisher: plan.publisher, product: plan.product, name: plan.name },
      features: { ...features },
      renewAfter: toNumericDate(times.renewAfter),
      graceUntil: toNumericDate(times.graceUntil),
    },
  };
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
