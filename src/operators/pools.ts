import * as z from 'zod';
import { CLOUD_NAMES, EMULATOR_CLOUD } from '../contract/clouds.ts';
import { ANY } from '../contract/planName.ts';
import type { Licence } from '../catalogue/licence.ts';
import { licenceId, planName, uuid } from '../contract/operators/fields.ts';
import type { SubscriptionKey } from '../catalogue/holding.ts';
import { licenceIdOf, parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { Seats } from '../catalogue/offer.ts';
import { licencePool, marketplacePool } from '../seats/poolUsage.ts';
import { RequestError } from '../http/requestError.ts';
import type { CatalogueStore } from '../catalogue/store.ts';

export interface PoolNeeds {
  readonly store: Pick<CatalogueStore, 'readLicence' | 'readOffer' | 'readHoldings'>;
}

/** A pool of seats, and how many it has. */
export interface NamedPool {
  /** As tokens carry it. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  readonly seats: Seats;
  /** Where VMs of the pool are expected. */
  readonly cloud: string;
  readonly subscriptionId: string;
}

const cloud = z.enum(CLOUD_NAMES);

/** `mp:<cloud>:<subscription>:<publisher/product/plan>`: what licences in marketplace mode are called. */
const marketplaceId = z.tuple([z.literal('mp'), cloud, uuid, planName]);

/**
 * The pool of a licence by the id that tokens carry.
 *
 * @throws {RequestError} `not_found`
 * @throws {StoreUnavailableError}
 */
export async function findPool(needs: PoolNeeds, id: string): Promise<NamedPool> {
  if (id.startsWith('mp:')) return findMarketplacePool(needs, id);
  const licence = licenceId.safeParse(id).success ? await needs.store.readLicence(id) : null;
  if (licence === null) throw new RequestError('not_found', 'There is no licence with this id.');
  const { value } = licence;
  const { seats } = value;
  const { cloud: where, subscriptionId } = firstSubscription(value);
  return { licenceId: value.id, pool: licencePool(value), seats, cloud: where, subscriptionId };
}

/** Where a VM is expected that an operator names before it comes. */
function firstSubscription({ subscriptions }: Licence) {
  const [first] = subscriptions === ANY ? [] : subscriptions;
  return first ?? { cloud: EMULATOR_CLOUD.name, subscriptionId: ANY };
}

async function findMarketplacePool({ store }: PoolNeeds, id: string): Promise<NamedPool> {
  const named = marketplaceId.safeParse(id.split(':'));
  const offer = named.success ? await store.readOffer(named.data[3]) : null;
  if (!named.success || offer?.value.mode !== 'marketplace') {
    throw new RequestError('not_found', 'No offer in marketplace mode is called so.');
  }
  const [, where, subscription] = named.data;
  const pool = marketplacePool(offer.value, where, subscription);
  return { licenceId: licenceIdOf(pool), pool, seats: offer.value.seats, cloud: where, subscriptionId: subscription };
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
