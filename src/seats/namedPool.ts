import { countOverage } from '../catalogue/entitlement.ts';
import { forPlan } from '../catalogue/holding.ts';
import type { Licence } from '../catalogue/licence.ts';
import { licenceIdOf } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { ANY, formatPlanName } from '../contract/planName.ts';
import type { PoolLimit } from './poolUsage.ts';

export type PoolSource = Pick<CatalogueStore, 'readLicence' | 'readOffer' | 'readHoldings'>;

/** A pool of seats, and how many it has. */
export interface NamedPool extends PoolLimit {
  /** As tokens carry it. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  /** Where VMs of the pool are expected. */
  readonly cloud: string;
  readonly subscriptionId: string;
  /** `publisher/product/plan`. */
  readonly offer: string;
  /** The customer's name, where the licence has one. */
  readonly customer: string | null;
}

type SubscriptionPool = Exclude<SeatPool, { kind: 'licence' }>;

/**
 * How many seats a pool has; `null` where what it stands for is not there any more: the licence, the trial, or the offer in
 * marketplace mode.
 *
 * @throws {StoreUnavailableError}
 */
export function findNamedPool(store: PoolSource, pool: SeatPool): Promise<NamedPool | null> {
  if (pool.kind === 'licence') return findLicencePool(store, pool.id);
  return pool.kind === 'trial' ? findTrialPool(store, pool) : findMarketplacePool(store, pool);
}

async function findLicencePool(store: PoolSource, licenceId: string): Promise<NamedPool | null> {
  const licence = await store.readLicence(licenceId);
  return licence === null ? null : nameLicencePool(licence.value);
}

export function nameLicencePool(licence: Licence): NamedPool {
  const { id, seats, overage, plan, customer } = licence;
  return {
    ...{ licenceId: id, pool: { kind: 'licence', id }, ...firstSubscription(licence) },
    ...{ offer: formatPlanName(plan), customer: customer?.name ?? null, ...limitOf({ seats, overage }) },
  };
}

function limitOf({ seats, overage }: Pick<Licence, 'seats' | 'overage'>): PoolLimit {
  return { seats, overage: countOverage(overage, seats) };
}

/** Where a VM is expected that an operator names before it comes. */
function firstSubscription({ subscriptions }: Licence): Pick<NamedPool, 'cloud' | 'subscriptionId'> {
  const [first] = subscriptions === ANY ? [] : subscriptions;
  const { cloud, subscriptionId } = first ?? { cloud: EMULATOR_CLOUD.name, subscriptionId: ANY };
  return { cloud, subscriptionId };
}

async function findTrialPool(store: PoolSource, pool: SubscriptionPool): Promise<NamedPool | null> {
  const { cloud, subscriptionId, plan } = pool;
  const trial = forPlan((await store.readHoldings({ cloud, subscriptionId })).trials, plan);
  if (trial === null) return null;
  const named = { licenceId: licenceIdOf(pool), pool, cloud, subscriptionId, offer: formatPlanName(plan) };
  return { ...named, customer: null, seats: trial.seats, overage: 0 };
}

async function findMarketplacePool(store: PoolSource, pool: SubscriptionPool): Promise<NamedPool | null> {
  const { cloud, subscriptionId, plan } = pool;
  const offer = await store.readOffer(plan);
  if (offer?.value.mode !== 'marketplace') return null;
  const own = { kind: 'marketplace', cloud, subscriptionId, plan: offer.value.plan } as const;
  const override = forPlan((await store.readHoldings({ cloud, subscriptionId })).overrides, plan)?.override;
  const { seats, overage } = offer.value;
  return {
    ...{ licenceId: licenceIdOf(own), pool: own, cloud, subscriptionId },
    ...{ offer: formatPlanName(offer.value.plan), customer: null },
    ...limitOf({ seats: override?.seats ?? seats, overage: override?.overage ?? overage }),
  };
}
