import type { SubscriptionKey } from '../../catalogue/holding.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';
import { ANY } from '../../contract/planName.ts';
import type { NamedPool } from '../../seats/namedPool.ts';
import type { ListDecisions } from '../../views/listDecisions.ts';

interface ExpectationNeeds {
  readonly store: Pick<CatalogueStore, 'readLicence'>;
  readonly listDecisions: ListDecisions;
  readonly acceptedClouds: readonly string[];
}

const UNKNOWN: SubscriptionKey = { cloud: ANY, subscriptionId: ANY };

/**
 * Where a VM is that may not have come under a licence yet: in the licence's one subscription or, of several, in the one
 * of its newest decision. Otherwise it may be in any of them: `*`.
 *
 * @throws {StoreUnavailableError}
 */
export async function findExpected(
  { store, listDecisions, acceptedClouds }: ExpectationNeeds,
  { pool, cloud, subscriptionId }: NamedPool,
  vmId: string,
): Promise<SubscriptionKey> {
  const named = pool.kind === 'licence' ? ((await store.readLicence(pool.id))?.value.subscriptions ?? ANY) : ANY;
  if (named === ANY || named.length === 1) return { cloud, subscriptionId };
  const pages = await Promise.all(acceptedClouds.map((name) => listDecisions({ cloud: name, vmId }, { size: 1 })));
  const met = pages.flatMap(({ items }) => items);
  const known = named.find((one) =>
    met.some((it) => it.cloud === one.cloud && it.subscriptionId === one.subscriptionId),
  );
  return known === undefined ? UNKNOWN : { cloud: known.cloud, subscriptionId: known.subscriptionId };
}
