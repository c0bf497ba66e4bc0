import type * as z from 'zod';
import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { parseLicenceId, parsePoolName, poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { formatNullable } from '../../contract/instants.ts';
import type { usageSchema } from '../../contract/operators/records.ts';
import { findNamedPool } from '../../seats/namedPool.ts';
import type { NamedPool, PoolSource } from '../../seats/namedPool.ts';
import type { PoolUsage } from '../../seats/poolUsage.ts';
import { RequestError } from '../../http/requestError.ts';

export interface PoolNeeds {
  readonly store: PoolSource;
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
  const named = await findNamedPool(needs.store, pool);
  if (named === null) throw new RequestError('not_found', ABSENT[pool.kind]);
  return named;
}

const ABSENT: Readonly<Record<SeatPool['kind'], string>> = {
  licence: 'There is no licence with this id.',
  trial: 'The subscription has had no trial of this offer.',
  marketplace: 'There is no offer in marketplace mode with this name.',
};

/** As answers have it. */
export function writeUsage({ seats, overage, taken, over, overSince }: PoolUsage): z.input<typeof usageSchema> {
  return { seats, overage, taken, over, overSince: formatNullable(overSince) };
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
