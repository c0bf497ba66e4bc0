import * as z from 'zod';
import { CLOUD_NAMES } from '../contract/clouds.ts';
import { licenceId, planName, uuid } from '../contract/operators/fields.ts';
import { marketplaceLicenceId } from '../catalogue/entitlement.ts';
import type { SeatPool } from '../catalogue/entitlement.ts';
import type { Seats } from '../catalogue/offer.ts';
import { foldCase, formatPlanName } from '../contract/planName.ts';
import { licencePool, marketplacePool } from '../seats/poolUsage.ts';
import { RequestError } from '../http/requestError.ts';
import type { CatalogueStore } from '../catalogue/store.ts';

export interface PoolNeeds {
  readonly store: Pick<CatalogueStore, 'findLicence' | 'readOffer'>;
}

/** A pool of seats, and how many it has. */
export interface NamedPool {
  /** As tokens carry it. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  readonly seats: Seats;
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
  const licence = licenceId.safeParse(id).success ? await needs.store.findLicence(id) : null;
  if (licence === null) throw new RequestError('not_found', 'There is no licence with this id.');
  return { licenceId: licence.value.id, pool: licencePool(licence.value), seats: licence.value.seats };
}

async function findMarketplacePool({ store }: PoolNeeds, id: string): Promise<NamedPool> {
  const named = marketplaceId.safeParse(id.split(':'));
  const offer = named.success ? await store.readOffer(named.data[3]) : null;
  if (!named.success || offer?.value.mode !== 'marketplace') {
    throw new RequestError('not_found', 'No offer in marketplace mode is called so.');
  }
  const [, where, subscription] = named.data;
  const pool = marketplacePool(offer.value, where, subscription);
  return { licenceId: marketplaceLicenceId(pool), pool, seats: offer.value.seats };
}

/** An activation's opaque name in addresses: its pool and its VM. */
export function writeActivationId(pool: SeatPool, vmId: string): string {
  const { mode, cloud, subscriptionId, plan } = pool;
  const parts = [mode, cloud, subscriptionId, foldCase(formatPlanName(plan)), vmId];
  return Buffer.from(parts.join('\n'), 'utf8').toString('base64url');
}

const activationParts = z.tuple([z.enum(['licensed', 'marketplace']), cloud, uuid, planName, uuid]);

/**
 * The id of any other spelling is none, so that nobody can make up a pool that no licence and no offer has.
 *
 * @throws {RequestError} `not_found` where it is none
 */
export function parseActivationId(id: string): { readonly pool: SeatPool; readonly vmId: string } {
  const parsed = activationParts.safeParse(Buffer.from(id, 'base64url').toString('utf8').split('\n'));
  if (parsed.success) {
    const [mode, where, subscriptionId, plan, vmId] = parsed.data;
    const pool = { mode, cloud: where, subscriptionId, plan };
    if (writeActivationId(pool, vmId) === id) return { pool, vmId };
  }
  throw new RequestError('not_found', 'There is no activation with this id.');
}
