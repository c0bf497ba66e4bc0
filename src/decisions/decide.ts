import type { AttestedVm } from '../contract/attestation.ts';
import { licenceIdOf, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { countOverage } from '../catalogue/entitlement.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import type { Trial } from '../catalogue/holding.ts';
import type { FoundTerms, Terms } from '../catalogue/terms.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import type { LicenceCode } from '../contract/codes.ts';
import { SECOND } from '../contract/durations.ts';
import type { Override } from '../contract/operators/override.ts';
import { ANY, formatPlanName, isAllowed, isSameName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';

/** What a VM asks for. */
export interface LicenceClaim {
  readonly vm: AttestedVm;
  /** Whether the licence will be bound to a key whose possession was proved. */
  readonly keyBound: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Absent where the VM asks itself. */
  readonly byFile?: ByFile | null;
}

/** An operator brings the request as a file, from a VM without a way out. */
export interface ByFile {
  /** `publisher/product` that the VM wants a licence for; `null` where that is not known. */
  readonly product: string | null;
}

/** A refusal says which offer and licence it is about, as far as they were found: a denial names the product. */
export interface Refused {
  readonly granted: false;
  readonly code: LicenceCode;
  readonly plan: PlanName | null;
  /** `publisher/product/plan` of the offer, in its own spelling. */
  readonly offer: string | null;
  readonly licenceId: string | null;
}

/** `startsTrial`: the trial is to be written before anything is issued under it. */
export type Decision =
  { readonly granted: true; readonly entitlement: Entitlement; readonly startsTrial: Trial | null } | Refused;

/** Whether offer and licence entitle this VM. Pure; seats, keys and challenges are judged by `activate`. */
export function decide(terms: Terms, claim: LicenceClaim): Decision {
  if (!terms.found) return { granted: false, code: terms.code, plan: null, offer: null, licenceId: null };
  const basis = findBasis(terms, claim);
  const code = basis.code ?? commonRefusal(terms, basis, claim);
  if (code !== null) {
    const { plan, offer } = terms;
    return { granted: false, code, plan, offer: formatPlanName(offer.plan), licenceId: basis.licenceId };
  }
  return { granted: true, entitlement: entitle(terms, basis, claim), startsTrial: basis.startsTrial ?? null };
}

/** As {@link decide}, for a VM that still has a seat under the licence that its subscription is leaving. */
export function decideLeaving(terms: Terms, claim: LicenceClaim): Entitlement | null {
  if (!terms.found || terms.leaving === null) return null;
  const decision = decide({ ...terms, licence: terms.leaving, formerPools: [] }, claim);
  return decision.granted ? { ...decision.entitlement, earlierPools: [] } : null;
}

/** What the right rests on: a licence, a trial, or the plan itself with what the operator has set for the subscription. */
interface Basis extends Pick<Entitlement, 'seats' | 'overage' | 'validUntil' | 'class' | 'trialEndsAt' | 'features'> {
  readonly code: LicenceCode | null;
  readonly licenceId: string | null;
  readonly pool: SeatPool;
  readonly licence?: Licence;
  readonly startsTrial?: Trial | null;
}

function findBasis(terms: FoundTerms, claim: LicenceClaim): Basis {
  const { offer, licence } = terms;
  const code = offerRefusal(offer, claim);
  if (offer.mode === 'marketplace') return marketplaceBasis(terms, claim, code);
  if (licence === null) return trialBasis(terms, claim, code);
  return {
    code: code ?? statusRefusal(licence) ?? windowRefusal(licence, claim.at),
    ...{ licence, licenceId: licence.id, pool: { kind: 'licence', id: licence.id } },
    ...{ seats: licence.seats, overage: countOverage(licence.overage, licence.seats) },
    ...{ validUntil: licence.validUntil, class: licence.class, trialEndsAt: null },
    features: { ...offer.features, ...licence.features },
  };
}

const NO_LICENCE = { class: null, trialEndsAt: null, validUntil: null } as const;

function marketplaceBasis(
  { offer, override }: FoundTerms,
  { vm: { cloud, subscriptionId }, at }: LicenceClaim,
  code: LicenceCode | null,
): Basis {
  const seats = override?.seats ?? offer.seats;
  return {
    ...NO_LICENCE,
    code: code ?? (override === null ? null : (statusRefusal(override) ?? endRefusal(override, at))),
    licenceId: null,
    pool: { kind: 'marketplace', cloud, subscriptionId, plan: offer.plan },
    ...{ seats, overage: countOverage(override?.overage ?? offer.overage, seats) },
    validUntil: override?.validUntil ?? null,
    features: { ...offer.features, ...override?.features },
  };
}

const DAY = 86_400_000;

function trialBasis(
  { offer, trial }: FoundTerms,
  { vm: { cloud, subscriptionId }, at }: LicenceClaim,
  code: LicenceCode | null,
): Basis {
  const key = { cloud, subscriptionId, plan: offer.plan };
  const terms = offer.trial;
  const own = trial ?? (terms && { ...key, startedAt: at, endsAt: at + terms.days * DAY, seats: terms.seats });
  const endsAt = own?.endsAt ?? null;
  const none = endsAt === null ? 'subscription_not_licensed' : at >= endsAt ? 'trial_ended' : null;
  return {
    code: code ?? none,
    licenceId: null,
    pool: { kind: 'trial', ...key },
    ...{ seats: own?.seats ?? 0, overage: 0, class: null, trialEndsAt: endsAt, validUntil: endsAt },
    features: offer.features,
    startsTrial: trial === null ? own : null,
  };
}

function offerRefusal(offer: Offer, { vm, byFile = null }: LicenceClaim): LicenceCode | null {
  if (offer.clouds !== ANY && !offer.clouds.includes(vm.cloud)) return 'plan_unknown';
  if (byFile !== null && !isOfProduct(offer, byFile)) return 'plan_unknown';
  if (offer.status === 'suspended') return 'offer_suspended';
  return byFile !== null && !offer.offline ? 'offline_not_allowed' : null;
}

/** The VM would not take a licence for another product, and nobody is there to tell it. */
function isOfProduct({ plan }: Offer, { product }: ByFile): boolean {
  return product === null || isSameName(product, `${plan.publisher}/${plan.product}`);
}

function statusRefusal({ status }: Pick<Licence, 'status'> | Override): LicenceCode | null {
  const refusals = { active: null, suspended: 'licence_suspended', revoked: 'licence_revoked' } as const;
  return refusals[status];
}

function windowRefusal(licence: Licence, at: number): LicenceCode | null {
  if (licence.validFrom !== null && at < licence.validFrom) return 'licence_not_yet_valid';
  return endRefusal(licence, at);
}

function endRefusal({ validUntil }: Pick<Licence, 'validUntil'>, at: number): LicenceCode | null {
  return validUntil !== null && at >= validUntil ? 'licence_expired' : null;
}

function commonRefusal({ offer }: FoundTerms, { licence }: Basis, { vm, keyBound }: LicenceClaim): LicenceCode | null {
  if (!isAllowed(offer.skus, vm.sku) || !isAllowed(licence?.skus ?? ANY, vm.sku)) return 'sku_not_allowed';
  if (!isAllowed(licence?.vmIds ?? ANY, vm.vmId)) return 'vm_not_allowed';
  return offer.requireKey && !keyBound ? 'key_required' : null;
}

function entitle(
  { offer, plan, formerPools, trial }: FoundTerms,
  basis: Basis,
  { vm, byFile = null }: LicenceClaim,
): Entitlement {
  const { grace, lease, keyChanges, earlyRelease } = offer;
  const { lifetime, renewAfter } = byFile === null ? offer : offlineTimes(offer);
  const { pool, features, seats, overage, validUntil, trialEndsAt } = basis;
  const { cloud, subscriptionId } = vm;
  const tried: SeatPool[] = trial === null ? [] : [{ kind: 'trial', cloud, subscriptionId, plan: offer.plan }];
  return {
    licenceId: licenceIdOf(pool),
    pool,
    earlierPools: [...formerPools, ...tried].filter((one) => poolName(one) !== poolName(pool)),
    offer: formatPlanName(offer.plan),
    plan,
    features,
    ...{ lifetime, renewAfter, grace, lease, keyChanges, earlyRelease },
    ...{ seats, overage, validUntil, class: basis.class, trialEndsAt },
  };
}

/** In the second half of its life the licence is due: people have time to carry the next one. */
function offlineTimes({ offlineLifetime }: Offer): Pick<Entitlement, 'lifetime' | 'renewAfter'> {
  return { lifetime: offlineLifetime, renewAfter: Math.floor(offlineLifetime / 2 / SECOND) * SECOND };
}
