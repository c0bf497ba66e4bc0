import { CLOUD_NAMES } from '../contract/clouds.ts';
import { joinKey, splitKey } from '../contract/keyParts.ts';
import { foldCase, formatPlanName, parsePlanName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';

/**
 * The scope within which seats are counted: all subscriptions of one licence; or one subscription under an offer, in its
 * trial or in marketplace mode.
 */
export type SeatPool =
  | { readonly kind: 'licence'; readonly id: string }
  | {
      readonly kind: 'trial' | 'marketplace';
      readonly cloud: string;
      readonly subscriptionId: string;
      /** Of the offer. */
      readonly plan: PlanName;
    };

/** The name of a pool: in the store, in addresses, and on rows that speak of it. Names of licences and plans are in lower case. */
export function poolName(pool: SeatPool): string {
  if (pool.kind === 'licence') return joinKey(pool.kind, foldCase(pool.id));
  const { kind, cloud, subscriptionId, plan } = pool;
  return joinKey(kind, cloud, foldCase(subscriptionId), foldCase(formatPlanName(plan)));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LICENCE_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The opposite of {@link poolName}; `null` for any other text, also for another spelling of a name. */
export function parsePoolName(name: string): SeatPool | null {
  const pool = readParts(splitKey(name));
  return pool !== null && poolName(pool) === name ? pool : null;
}

function readParts([kind, first = '', subscriptionId = '', offer = '', ...rest]: readonly string[]): SeatPool | null {
  if (kind === 'licence') return LICENCE_ID.test(first) && subscriptionId === '' ? { kind, id: first } : null;
  if (kind !== 'trial' && kind !== 'marketplace') return null;
  const plan = parsePlanName(offer);
  const isCloud = CLOUD_NAMES.some((cloud) => cloud === first);
  if (!isCloud || !UUID.test(subscriptionId) || plan === null || rest.length > 0) return null;
  return { kind, cloud: first, subscriptionId, plan };
}

/**
 * What licences of a pool are called in tokens and decisions: the operators' id or, where no operator has given one,
 * `mp:` (marketplace mode) or `trial:` before `<cloud>:<subscription>:<offer>`.
 */
export function licenceIdOf(pool: SeatPool): string {
  if (pool.kind === 'licence') return pool.id;
  const prefix = pool.kind === 'marketplace' ? 'mp' : 'trial';
  return `${prefix}:${pool.cloud}:${pool.subscriptionId}:${formatPlanName(pool.plan)}`;
}

const PREFIXES = { mp: 'marketplace', trial: 'trial' } as const;

/** The opposite of {@link licenceIdOf}, for any spelling of a name; `null` for any other text. */
export function parseLicenceId(id: string): SeatPool | null {
  const [prefix, ...parts] = id.split(':');
  if (parts.length === 0) return LICENCE_ID.test(foldCase(id)) ? { kind: 'licence', id } : null;
  const kind = prefix === 'mp' || prefix === 'trial' ? PREFIXES[prefix] : null;
  const [cloud = '', subscriptionId = '', offer = '', ...rest] = parts;
  return kind === null ? null : readParts([kind, cloud, foldCase(subscriptionId), offer, ...rest]);
}
