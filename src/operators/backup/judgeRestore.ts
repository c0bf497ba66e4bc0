import type { BackupRecord } from '../../backup/records.ts';
import type { Restored } from '../../backup/store.ts';
import type { RestoreReportJson } from '../../contract/operators/backup.ts';
import { formatInstant } from '../../contract/instants.ts';
import { overrideKey } from '../../catalogue/holding.ts';
import { formatPlanName } from '../../contract/planName.ts';

type Denied = NonNullable<RestoreReportJson['effect']>['denied'][number];

/**
 * Whom restoring an object would stop: what the store has is served now, and what replaces it would not be.
 *
 * @param at milliseconds since the epoch
 */
export function findDenied(record: BackupRecord, { outcome, old }: Restored, at: number): Denied | null {
  if (outcome === 'kept') return null;
  const after = describeStop(record, at);
  if (after === null) return null;
  const isStoppedAlready = old !== null && describeStop(old, at) !== null;
  // What the store does not have serves nobody; a block and a distrust stop also those who come without it.
  const mayServe = old !== null || record.kind === 'vm' || record.kind === 'distrust';
  return isStoppedAlready || !mayServe ? null : { kind: record.kind, ...after };
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
      return stopped(formatPlanName(record.offer.plan), record.offer.status, null, at);
    case 'licence':
      return stopped(record.licence.id, record.licence.status, record.licence.validUntil, at);
    case 'override':
      return stopped(overrideKey(record), record.override.status, record.override.validUntil, at);
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

function stopped(key: string, status: string, until: number | null, at: number): Stop | null {
  if (status !== 'active') return { key, why: status };
  return until !== null && until <= at ? { key, why: `ended ${formatInstant(until)}` } : null;
}
