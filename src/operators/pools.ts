import type * as z from 'zod';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { ANY } from '../contract/planName.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { SubscriptionKey } from '../catalogue/holding.ts';
import { licenceIdOf, parseLicenceId, parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { countOverage } from '../catalogue/entitlement.ts';
import { forPlan } from '../catalogue/holding.ts';
import { formatNullable } from '../contract/instants.ts';
import type { usageSchema } from '../contract/operators/records.ts';
import type { PoolLimit, PoolUsage } from '../seats/poolUsage.ts';
import { RequestError } from '../http/requestError.ts';
import type { CatalogueStore } from '../catalogue/store.ts';

export interface PoolNeeds {
  readonly store: Pick<CatalogueStore, 'readLicence' | 'readOffer' | 'readHoldings'>;
}

/** A pool of seats, and how many it has. */
export interface NamedPool extends PoolLimit {
  /** As tokens carry it. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  /** Where VMs of the pool are expected. */
  readonly cloud: string;
  readonly subscriptionId: string;
}

/**
 * The pool of a licence by the id that tokens carry.
 *
 * @throws {RequestError} `not_found`
 * @throws {StoreUnavailableError}
 */
export async function findPool(needs: PoolNeeds, id: string): Promise<NamedPool> {
  const pool = parseLicenceId(id);
  if (pool === null) throw new RequestError('not_found', 'There is no licence with this id.');
  if (pool.kind === 'licence') return findLicencePool(needs, pool.id);
  return pool.kind === 'trial' ? findTrialPool(needs, pool) : findMarketplacePool(needs, pool);
}

async function findLicencePool({ store }: PoolNeeds, licenceId: string): Promise<NamedPool> {
  const licence = await store.readLicence(licenceId);
  if (licence === null) throw new RequestError('not_found', 'There is no licence with this id.');
  const { id, seats, overage } = licence.value;
  const { cloud, subscriptionId } = firstSubscription(licence.value);
  const pool = { kind: 'licence', id } as const;
  return { ...{ licenceId: id, pool, cloud, subscriptionId }, ...limitOf({ seats, overage }) };
}

function limitOf({ seats, overage }: Pick<Licence, 'seats' | 'overage'>): PoolLimit {
  return { seats, overage: countOverage(overage, seats) };
}

/** Where a VM is expected that an operator names before it comes. */
function firstSubscription({ subscriptions }: Licence) {
  const [first] = subscriptions === ANY ? [] : subscriptions;
  return first ?? { cloud: EMULATOR_CLOUD.name, subscriptionId: ANY };
}

type SubscriptionPool = Exclude<SeatPool, { kind: 'licence' }>;

async function findTrialPool({ store }: PoolNeeds, pool: SubscriptionPool): Promise<NamedPool> {
  const { cloud, subscriptionId, plan } = pool;
  const trial = forPlan((await store.readHoldings({ cloud, subscriptionId })).trials, plan);
  if (trial === null) throw new RequestError('not_found', 'The subscription has had no trial of this offer.');
  return { licenceId: licenceIdOf(pool), pool, seats: trial.seats, overage: 0, cloud, subscriptionId };
}

async function findMarketplacePool({ store }: PoolNeeds, { cloud, subscriptionId, plan }: SubscriptionPool) {
  const offer = await store.readOffer(plan);
  if (offer?.value.mode !== 'marketplace') {
    throw new RequestError('not_found', 'There is no offer in marketplace mode with this name.');
  }
  const own = { kind: 'marketplace', cloud, subscriptionId, plan: offer.value.plan } as const;
  const override = forPlan((await store.readHoldings({ cloud, subscriptionId })).overrides, plan)?.override;
  const { seats, overage } = offer.value;
  const limit = limitOf({ seats: override?.seats ?? seats, overage: override?.overage ?? overage });
  return { licenceId: licenceIdOf(own), pool: own, cloud, subscriptionId, ...limit };
}

/** As answers have it. */
export function writeUsage(usage: PoolUsage): z.input<typeof usageSchema> {
  return { ...usage, overSince: formatNullable(usage.overSince) };
}

/**
 * The pools in which a subscription has or had VMs, but for those in marketplace mode, which its own name finds.
 *
 * @throws {StoreUnavailableError}
 */
export async function poolsOf({ store }: PoolNeeds, subscription: SubscriptionKey): Promise<readonly SeatPool[]> {
  const { holdings, trials } = await store.readHoldings(subscription);
  const names = holdings.flatMap(({ licences, former }) => [...licences.map(nameOfLicence), ...former]);
  const pools = [...names, ...trials.map((trial) => poolName({ kind: 'trial', ...trial }))].map(parsePoolName);
  return [...new Map(pools.filter((pool) => pool !== null).map((pool) => [poolName(pool), pool])).values()];
}

const nameOfLicence = (id: string) => poolName({ kind: 'licence', id });

/**
 * The pool of a name in an address. Any other spelling names none, so that nobody can make up a pool.
 *
 * @throws {RequestError} `not_found`
 */
export function parsePool(name: string): SeatPool {
  const pool = parsePoolName(name);
  if (pool === null) throw new RequestError('not_found', 'There is no pool of seats with this name.');
  return pool;
}
