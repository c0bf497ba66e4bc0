import { CLOCK_SKEW } from '../contract/clocks.ts';
import * as z from 'zod';
import type { AttestedVm } from '../contract/attestation.ts';
import { vmSubject } from '../contract/claims.ts';
import type { Features, LicenceClaims } from '../contract/claims.ts';
import { numericDate } from '../contract/instants.ts';
import { isSameName } from '../contract/planName.ts';

/** What is granted, and until when; times are milliseconds since the epoch, bounded by the caller. */
export interface LicenceInput {
  readonly issuer: string;
  readonly vm: AttestedVm;
  /** Names as the offer spells them. */
  readonly entitlement: {
    readonly licenceId: string;
    readonly plan: LicenceClaims['licence']['plan'];
    readonly features: Features;
    readonly class: string | null;
    /** Milliseconds since the epoch; `null` outside a trial. */
    readonly trialEndsAt: number | null;
  };
  /** Whether the VM's seat is one beyond those that were bought. */
  readonly over: boolean;
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
export function licenceClaims(input: LicenceInput): LicenceClaims {
  const { issuer, vm, entitlement, over, times, issuedAt, jti, jkt } = input;
  const iat = toNumericDate(issuedAt);
  const { licenceId: id, plan, features, trialEndsAt } = entitlement;
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
    azure: { cloud, region, subscriptionId, vmId, sku, licenseType, documentCreatedOn, ...foreignPlan(input) },
    licence: {
      id,
      plan: { publisher: plan.publisher, product: plan.product, name: plan.name },
      features: { ...features },
      renewAfter: toNumericDate(times.renewAfter),
      graceUntil: toNumericDate(times.graceUntil),
      ...(over && { over }),
      ...(trialEndsAt !== null && { trialEndsAt: toNumericDate(trialEndsAt) }),
      ...(entitlement.class !== null && { class: entitlement.class }),
    },
  };
}

/** The attested plan, where the customer has the image from another publisher than the offer's. */
function foreignPlan({ vm, entitlement }: LicenceInput): Pick<LicenceClaims['azure'], 'plan'> {
  const { publisher = null, product = null, name = null } = vm.plan ?? {};
  if (!publisher || !product || !name || isSameName(publisher, entitlement.plan.publisher)) return {};
  return { plan: { publisher, product, name } };
}

/** JSON would write what is no number as `null`. */
function toNumericDate(milliseconds: number): number {
  if (!Number.isFinite(milliseconds)) throw new TypeError('A time of a licence must be milliseconds since the epoch.');
  return numericDate(milliseconds);
}

const text = z.string();
const textOrNull = z.nullable(text);
const instant = z.int();
const planName = z.object({ publisher: text, product: text, name: text });

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
    plan: z.exactOptional(planName),
  }),
  licence: z.object({
    id: text,
    plan: planName,
    features: z.record(text, z.union([z.boolean(), z.number(), text])),
    renewAfter: instant,
    graceUntil: instant,
    over: z.exactOptional(z.boolean()),
    trialEndsAt: z.exactOptional(instant),
    class: z.exactOptional(text),
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
