import type { AttestedVm } from '../contract/attestation.ts';
import type { LicenceCode } from '../contract/codes.ts';
import { licenceIdOf } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import type { Terms } from '../catalogue/findOffer.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import { ANY, formatPlanName, isAllowed } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';

/** What a VM asks for. */
export interface LicenceClaim {
  readonly vm: AttestedVm;
  /** Whether the licence will be bound to a key whose possession was proved. */
  readonly keyBound: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A refusal says which offer and licence it is about, as far as they were found: a denial names the product. */
export type Decision =
  | { readonly granted: true; readonly entitlement: Entitlement }
  | {
      readonly granted: false;
      readonly code: LicenceCode;
      readonly plan: PlanName | null;
      readonly licenceId: string | null;
    };

/** Whether offer and licence entitle this VM. Pure; seats, keys and challenges are judged by `activate`. */
export function decide(terms: Terms, { vm, keyBound, at }: LicenceClaim): Decision {
  if (!terms.found) return { granted: false, code: terms.code, plan: null, licenceId: null };
  const { offer, plan, licence } = terms;
  const code = offerRefusal(offer, vm) ?? licenceRefusal(terms, vm, at) ?? keyRefusal(offer, keyBound);
  if (code !== null) return { granted: false, code, plan, licenceId: licence?.id ?? null };
  return { granted: true, entitlement: entitle(terms, vm) };
}

type FoundTerms = Extract<Terms, { found: true }>;

function offerRefusal(offer: Offer, vm: AttestedVm): LicenceCode | null {
  if (offer.clouds !== ANY && !offer.clouds.includes(vm.cloud)) return 'plan_unknown';
  return offer.status === 'suspended' ? 'offer_suspended' : null;
}

function licenceRefusal({ offer, licence }: FoundTerms, vm: AttestedVm, at: number): LicenceCode | null {
  if (offer.mode === 'licensed' && licence === null) return 'subscription_not_licensed';
  const code = licence === null ? null : (statusRefusal(licence) ?? windowRefusal(licence, at));
  if (code !== null) return code;
  if (!isAllowed(offer.skus, vm.sku) || !isAllowed(licence?.skus ?? ANY, vm.sku)) return 'sku_not_allowed';
  return isAllowed(licence?.vmIds ?? ANY, vm.vmId) ? null : 'vm_not_allowed';
}

function statusRefusal(licence: Licence): LicenceCode | null {
  const refusals = { active: null, suspended: 'licence_suspended', revoked: 'licence_revoked' } as const;
  return refusals[licence.status];
}

function windowRefusal(licence: Licence, at: number): LicenceCode | null {
  if (licence.validFrom !== null && at < licence.validFrom) return 'licence_not_yet_valid';
  return licence.validUntil !== null && at >= licence.validUntil ? 'licence_expired' : null;
}

function keyRefusal(offer: Offer, keyBound: boolean): LicenceCode | null {
  return offer.requireKey && !keyBound ? 'key_required' : null;
}

function entitle({ offer, licence, plan }: FoundTerms, vm: AttestedVm): Entitlement {
  const { lifetime, renewAfter, grace, lease, keyChanges, earlyRelease } = offer;
  const { cloud, subscriptionId } = vm;
  const pool: SeatPool =
    licence === null
      ? { kind: 'marketplace', cloud, subscriptionId, plan: offer.plan }
      : { kind: 'licence', id: licence.id };
  return {
    licenceId: licenceIdOf(pool),
    pool,
    earlierPools: [],
    offer: formatPlanName(offer.plan),
    plan,
    features: { ...offer.features, ...licence?.features },
    ...{ lifetime, renewAfter, grace, lease, keyChanges, earlyRelease },
    seats: licence === null ? offer.seats : licence.seats,
    overage: 0,
    validUntil: licence?.validUntil ?? null,
    class: null,
    trialEndsAt: null,
  };
}
