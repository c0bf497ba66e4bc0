import type { BackupRecord } from '../../backup/records.ts';
import type { Restored } from '../../backup/store.ts';
import type { RestoreReportJson } from '../../contract/operators/backup.ts';
import { formatInstant } from '../../contract/instants.ts';
import { holdingKeys, namingOf, overrideKey } from '../../catalogue/holding.ts';
import type { HoldingKey } from '../../catalogue/holding.ts';
import type { Licence } from '../../catalogue/licence.ts';
import { isLoss } from '../../contract/losses.ts';
import { ANY, formatPlanName, isSamePlan } from '../../contract/planName.ts';

type Denied = NonNullable<RestoreReportJson['effect']>['denied'][number];

/**
 * Whom restoring an object would stop: what the store has is served now, and what replaces it would not be, or not all of it.
 * Seats are not compared: they are not exact after a restore anyway.
 *
 * @param at milliseconds since the epoch
 */
export function findDenied(record: BackupRecord, { outcome, old }: Restored, at: number): Denied | null {
  if (outcome === 'kept') return null;
  const isStoppedAlready = old !== null && describeStop(old, at) !== null;
  // What the store does not have serves nobody; a block and a distrust stop also those who come without it.
  const mayServe = old !== null || record.kind === 'vm' || record.kind === 'distrust';
  if (isStoppedAlready || !mayServe) return null;
  const stop = describeStop(record, at) ?? (old === null ? null : describeLoss(old, record, at));
  return stop === null ? null : { kind: record.kind, ...stop };
}

interface Stop {
  readonly key: string;
  readonly why: string;
}

/** Why an object serves nobody, or stops somebody; null where it does not. */
function describeStop(record: BackupRecord, at: number): Stop | null {
  switch (record.kind) {
    case 'distrust':
      return { key: record.sha256, why: 'distrusted' };
    case 'vm':
      return record.blocked ? { key: `${record.pool}/${record.vmId}`, why: 'blocked' } : null;
    case 'offer':
      return stopped(formatPlanName(record.offer.plan), record.offer, at);
    case 'licence':
      return stopped(record.licence.id, record.licence, at);
    case 'override':
      return stopped(overrideKey(record), record.override, at);
    case 'pin':
    case 'key':
    case 'keyset':
    case 'trial':
    case 'holding':
    case 'claim':
    case 'hours':
    case 'change':
      return null;
  }
}

interface Term {
  readonly status: string;
  readonly validFrom?: number | null;
  readonly validUntil?: number | null;
}

function stopped(key: string, { status, validFrom = null, validUntil = null }: Term, at: number): Stop | null {
  if (status !== 'active') return { key, why: status };
  if (validFrom !== null && at < validFrom) return { key, why: `not before ${formatInstant(validFrom)}` };
  return validUntil !== null && validUntil <= at ? { key, why: `ended ${formatInstant(validUntil)}` } : null;
}

/** What an active offer or licence no longer covers after the restore; null: it covers all that it did. */
function describeLoss(old: BackupRecord, record: BackupRecord, at: number): Stop | null {
  if (record.kind === 'offer' && old.kind === 'offer')
    return lost(formatPlanName(record.offer.plan), findLost(['clouds', 'skus'], old.offer, record.offer));
  if (record.kind !== 'licence' || old.kind !== 'licence') return null;
  const [before, after] = [old.licence, record.licence];
  if (!isSamePlan(before.plan, after.plan)) return { key: after.id, why: 'for another offer' };
  const subscriptions = holdingKeys(before).some((key) => covers(before, key, at) && !covers(after, key, at));
  return lost(after.id, [...(subscriptions ? ['subscriptions'] : []), ...findLost(['vmIds', 'skus'], before, after)]);
}

function lost(key: string, members: readonly string[]): Stop | null {
  return members.length === 0 ? null : { key, why: `no longer for some of its ${members.join(', ')}` };
}

function findLost<K extends string>(
  names: readonly K[],
  old: Readonly<Record<K, unknown>>,
  changed: Readonly<Record<K, unknown>>,
): readonly K[] {
  return names.filter((name) => isLoss(name, { old: old[name], value: changed[name], seats: null }));
}

function covers(licence: Licence, key: HoldingKey, at: number): boolean {
  return [key, { ...key, subscriptionId: ANY }].some((one) => namingOf(licence, one, at) !== null);
}
