import type { SearchAnswerJson } from '../../contract/operators/search.ts';
import type { Target } from './place.ts';

interface Hit {
  readonly id: string;
  readonly to: Target;
}

/** Where the licences of a subscription are listed. */
export function placeOfSubscription(cloud: string, id: string): Target {
  return { page: 'customers', query: { cloud, subscription: id } };
}

/** The one thing that was meant: what has exactly this id, or all that was found. @returns null where there is a choice */
export function findSureHit({
  query,
  licences,
  subscriptions,
  vms,
  decisions,
  complete,
}: SearchAnswerJson): Target | null {
  const hits: readonly Hit[] = [
    ...licences.map(({ id }) => ({ id, to: { page: 'licences', id } as const })),
    ...subscriptions.map(({ id, cloud }) => ({ id, to: placeOfSubscription(cloud, id) })),
    ...vms.map(({ id }) => ({ id, to: { page: 'vms', id } as const })),
    ...decisions.map(({ id }) => ({ id, to: { page: 'decisions', id } as const })),
  ];
  const asked = query.trim().toLowerCase();
  const named = hits.filter(({ id }) => id.toLowerCase() === asked);
  const [only, ...others] = named.length > 0 ? named : complete ? hits : [];
  return only === undefined || others.length > 0 ? null : only.to;
}
