import type { AttestationResult } from '../contract/attestation.ts';
import type { LicenceCode } from '../contract/codes.ts';
import { marketplaceLicenceId } from '../catalogue/entitlement.ts';
import type { Entitlement, LicensedVm } from '../catalogue/entitlement.ts';
import { findOffer } from '../catalogue/findOffer.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import { ANY, isAllowed, isSameName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Catalogue } from '../catalogue/store.ts';

/** What a VM asks for: verified evidence, and what it says beside it. */
export interface LicenceClaim {
  readonly attestation: AttestationResult;
  /** `publisher/product/plan`, the VM's own word. */
  readonly claimedOffer?: string | undefined;
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

/**
 * Whether offers and licences entitle this VM. Pure; seats, keys and challenges are judged by `activate`.
 *
 * @param licences those of the VM's cloud and subscription; they matter only to offers in licensed mode.
 * @throws Error if the evidence lacks `vmId`, `subscriptionId` or `sku`, which the service's policy demands.
 */
export function decide(claim: LicenceClaim, offers: readonly Offer[], licences: readonly Licence[]): Decision {
  const match = findOffer(offers, claim.attestation.plan, claim.claimedOffer);
  if (!match.found) return { granted: false, code: match.code, plan: null, licenceId: null };
  const vm = licensedVm(claim.attestation);
  const { offer, plan } = match;
  const licence = offer.mode === 'licensed' ? findLicence(licences, vm, plan, offer) : null;
  const code = offerRefusal(offer, vm) ?? licenceRefusal(offer, licence, vm, claim.at) ?? keyRefusal(offer, claim);
  if (code !== null) return { granted: false, code, plan, licenceId: licence?.id ?? null };
  return { granted: true, entitlement: entitle(offer, licence, plan, vm) };
}

/**
 * Reads what {@link decide} needs. Licences are not read in marketplace mode, where running the plan is the licence.
 *
 * @throws StoreUnavailableError
 */
export async function readDecision(catalogue: Catalogue, claim: LicenceClaim): Promise<Decision> {
  const offers = await catalogue.readOffers();
  const match = findOffer(offers, claim.attestation.plan, claim.claimedOffer);
  if (!match.found || match.offer.mode === 'marketplace') return decide(claim, offers, []);
  const vm = licensedVm(claim.attestation);
  return decide(claim, offers, await catalogue.readLicences(vm.cloud, vm.subscriptionId));
}

/** @throws Error if the evidence lacks `vmId`, `subscriptionId` or `sku`, which the service's policy demands. */
export function licensedVm(attestation: AttestationResult): LicensedVm {
  const { cloud, subscriptionId, vmId, sku } = attestation;
  if (subscriptionId === null || vmId === null || sku === null) {
    throw new Error('Evidence without vmId, subscriptionId or sku: the verification policy must demand them.');
  }
  return { cloud, subscriptionId, vmId, sku };
}

/** The licence for this very plan before one for every plan of the offer. */
export function findLicence(
  licences: readonly Licence[],
  vm: Pick<LicensedVm, 'cloud' | 'subscriptionId'>,
  plan: PlanName,
  offer: Offer,
): Licence | null {
  const named = (name: string): Licence | undefined =>
    licences.find(
      (licence) =>
        licence.cloud === vm.cloud &&
        licence.subscriptionId === vm.subscriptionId &&
        isSameName(licence.plan.publisher, plan.publisher) &&
        isSameName(licence.plan.product, plan.product) &&
        isSameName(licence.plan.name, name),
    );
  return named(plan.name) ?? (offer.plan.name === ANY ? named(ANY) : undefined) ?? null;
}

function offerRefusal(offer: Offer, vm: LicensedVm): LicenceCode | null {
  if (offer.clouds !== ANY && !offer.clouds.includes(vm.cloud)) return 'plan_unknown';
  return offer.status === 'suspended' ? 'offer_suspended' : null;
}

function licenceRefusal(offer: Offer, licence: Licence | null, vm: LicensedVm, at: number): LicenceCode | null {
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

function keyRefusal(offer: Offer, claim: LicenceClaim): LicenceCode | null {
  return offer.requireKey && !claim.keyBound ? 'key_required' : null;
}

function entitle(offer: Offer, licence: Licence | null, plan: PlanName, vm: LicensedVm): Entitlement {
  const { lifetime, renewAfter, grace, lease, keyChanges, earlyRelease } = offer;
  return {
    licenceId: licence?.id ?? marketplaceLicenceId({ ...vm, plan: offer.plan }),
    pool: {
      mode: offer.mode,
      cloud: vm.cloud,
      subscriptionId: vm.subscriptionId,
      plan: licence?.plan ?? offer.plan,
    },
    vm,
    plan,
    features: { ...offer.features, ...licence?.features },
    ...{ lifetime, renewAfter, grace, lease, keyChanges, earlyRelease },
    seats: licence === null ? offer.seats : licence.seats,
    validUntil: licence?.validUntil ?? null,
  };
}
