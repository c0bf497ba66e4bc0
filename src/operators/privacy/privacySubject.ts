import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { CatalogueStore, ClaimStore } from '../../catalogue/store.ts';
import type { ClaimCode } from '../../catalogue/claimCode.ts';
import type { Holdings, SubscriptionKey } from '../../catalogue/holding.ts';
import type { Licence } from '../../catalogue/licence.ts';
import type { ChangeStore } from '../../decisions/changes.ts';
import type { DecisionStore } from '../../decisions/store.ts';
import type { ActivationStore, SeatStore } from '../../seats/store.ts';
import type { UsageStore } from '../../usage/store.ts';
import type { SearchStore } from '../../views/store.ts';

import type { RequestStore } from '../../http/requestStore.ts';
import type { StateStore } from '../changes/changeStates.ts';

/* What is kept of one subscription, and where. docs/privacy.md has the whole map. */

export interface PrivacyStore
  extends
    SeatStore,
    Pick<ActivationStore, 'pageActivations' | 'deleteActivation'>,
    UsageStore,
    StateStore,
    Pick<ChangeStore, 'deleteChangesOf'>,
    Pick<DecisionStore, 'pageDecisions' | 'deleteDecisionsOf'>,
    Pick<CatalogueStore, 'readHoldings' | 'readLicence'>,
    Pick<ClaimStore, 'pageClaims'>,
    Pick<SearchStore, 'deleteId'>,
    Pick<RequestStore, 'pageRequestsNaming' | 'deleteRequestsNaming'> {}

/**
 * The next pool in which VMs of a subscription may be: any licence's, for a subscription may have been under it once, and
 * its own trials and those in marketplace mode.
 *
 * @throws StoreUnavailableError
 */
export async function nextPoolOf(store: PrivacyStore, of: SubscriptionKey, after: string | null) {
  let pool = await store.nextPool(after);
  while (pool !== null && !mayHold(pool, of)) pool = await store.nextPool(poolName(pool));
  return pool;
}

function mayHold(pool: SeatPool, { cloud, subscriptionId }: SubscriptionKey): boolean {
  return pool.kind === 'licence' || (pool.cloud === cloud && pool.subscriptionId === subscriptionId);
}

/** What operators have written of a subscription. */
export interface Entitlements extends Holdings {
  readonly licences: readonly Licence[];
  readonly claims: readonly ClaimCode[];
}

/** @throws StoreUnavailableError */
export async function readEntitlements(store: PrivacyStore, of: SubscriptionKey): Promise<Entitlements> {
  const holdings = await store.readHoldings(of);
  const ids = new Set(holdings.holdings.flatMap(({ licences }) => licences));
  const stored = await Promise.all([...ids].map((id) => store.readLicence(id)));
  const licences = stored.flatMap((licence) => (licence === null ? [] : [licence.value]));
  return { ...holdings, licences, claims: await readClaims(store, of) };
}

/** A search through all codes. */
async function readClaims(store: PrivacyStore, of: SubscriptionKey): Promise<readonly ClaimCode[]> {
  const claims: ClaimCode[] = [];
  let continuation: string | undefined;
  do {
    const page = await store.pageClaims(null, { size: 1_000, continuation });
    claims.push(...page.items.map(({ value }) => value).filter(({ used }) => used.some((use) => isOf(use, of))));
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return claims;
}

export function isOf(one: SubscriptionKey, { cloud, subscriptionId }: SubscriptionKey): boolean {
  return one.cloud === cloud && one.subscriptionId === subscriptionId;
}
