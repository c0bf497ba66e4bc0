import type { SeatPool } from '../../licensing/entitlement.ts';
import type { Seats } from '../../licensing/offer.ts';
import { formatPlanName, parsePlanName } from '../../licensing/planName.ts';
import { licencePool, marketplacePool } from '../../licensing/poolUsage.ts';
import type { Parts } from '../parts.ts';
import { RequestError } from '../requestError.ts';

/** A pool of seats, and how many it has. */
export interface NamedPool {
  readonly pool: SeatPool;
  readonly seats: Seats;
}

/** `mp:<cloud>:<subscription>:<publisher/product/plan>`: what licences in marketplace mode are called. */
const MARKETPLACE_ID = /^mp:([^:]{1,64}):([0-9a-fA-F-]{36}):([^:]{1,512})$/;

/**
 * The pool of a licence by the id that tokens carry.
 *
 * @throws {RequestError} `not_found`
 * @throws {StoreUnavailableError}
 */
export async function findPool({ store }: Parts, licenceId: string): Promise<NamedPool> {
  const [, cloud, subscription, offerName] = MARKETPLACE_ID.exec(licenceId) ?? [];
  if (cloud !== undefined && subscription !== undefined && offerName !== undefined) {
    const plan = parsePlanName(offerName);
    const offer = plan === null ? null : await store.readOffer(plan);
    if (offer?.value.mode !== 'marketplace')
      throw new RequestError('not_found', 'No offer in marketplace mode is called so.');
    return { pool: marketplacePool(offer.value, cloud, subscription.toLowerCase()), seats: offer.value.seats };
  }
  const licence = await store.findLicence(licenceId);
  if (licence === null) throw new RequestError('not_found', 'There is no licence with this id.');
  return { pool: licencePool(licence.value), seats: licence.value.seats };
}

/** An activation's opaque name in addresses: its pool and its VM. */
export function writeActivationId(pool: SeatPool, vmId: string): string {
  const { mode, cloud, subscriptionId, plan } = pool;
  return Buffer.from([mode, cloud, subscriptionId, formatPlanName(plan), vmId].join('\n'), 'utf8').toString(
    'base64url',
  );
}

/** @throws {RequestError} `not_found` where it is none */
export function parseActivationId(id: string): { readonly pool: SeatPool; readonly vmId: string } {
  const [mode, cloud, subscriptionId, offer = '', vmId, ...rest] = Buffer.from(id, 'base64url')
    .toString('utf8')
    .split('\n');
  const plan = parsePlanName(offer);
  const isMode = mode === 'licensed' || mode === 'marketplace';
  const isWhole = cloud !== undefined && subscriptionId !== undefined && vmId !== undefined && rest.length === 0;
  if (!isMode || plan === null || !isWhole) throw new RequestError('not_found', 'There is no activation with this id.');
  return { pool: { mode, cloud, subscriptionId, plan }, vmId };
}
