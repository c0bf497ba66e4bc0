import type { RecordOf } from '../../backup/records.ts';
import type { RestoreRules, StoredRecord } from '../../backup/store.ts';
import { overrideKey } from '../../catalogue/holding.ts';
import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { CLOCK_SKEW } from '../../contract/clocks.ts';
import { formatPlanName } from '../../contract/planName.ts';
import { HELD_KINDS } from '../../decisions/changes.ts';
import type { ChangeFilter, ChangeMark, ChangeRecord } from '../../decisions/changes.ts';
import { MAX_REQUEST } from '../../http/answerOnce.ts';
import { isInForce, trustRecordKey } from '../changes/changeStates.ts';
import type { StateStore } from '../changes/changeStates.ts';

/* What operators removed or erased after a backup. A restore does not bring it back, where the log of the store says so. */

type Named = Pick<ChangeMark, 'kind' | 'key'>;

interface Moment {
  /** What was changed later may be missing in the backup. Milliseconds since the epoch. */
  readonly asOf: number;
  readonly at: number;
}

/** The rule by which a restore leaves out what was removed. */
export function createLeave(store: StateStore, moment: Moment): RestoreRules['leave'] {
  return async (record) => {
    if (record.kind === 'vm') return leaveVm(store, record, moment);
    if (record.kind === 'change') return (await isErasedChange(store, record)) ? null : record;
    const named = nameOf(record);
    return named !== null && (await isRemoved(store, named, named.changedAt + 1)) ? null : record;
  };
}

/** How the log names an object that can be removed, and since when it is as the backup has it. */
function nameOf(record: Exclude<StoredRecord, { kind: 'vm' | 'change' }>): (Named & { changedAt: number }) | null {
  switch (record.kind) {
    case 'distrust':
    case 'pin':
      return { kind: record.kind, key: trustRecordKey(record), changedAt: record.change.at };
    case 'offer':
      return { kind: 'offer', key: formatPlanName(record.offer.plan), changedAt: record.change.at };
    case 'licence':
      return { kind: 'licence', key: record.licence.id, changedAt: record.change.at };
    case 'override':
      return { kind: 'override', key: overrideKey(record), changedAt: record.change.at };
    case 'claim':
      return { kind: 'claim', key: record.id, changedAt: record.createdAt };
    case 'keyset':
    case 'trial':
    case 'holding':
    case 'hours':
      return null;
  }
}

/** Whether the last change of an object that counts is its removal. A removal counts when it has begun. */
async function isRemoved(store: StateStore, named: Named, from: number): Promise<boolean> {
  const last = await findChange(store, { ...named, from }, (one) => one.new === null || one.state === 'done');
  return last?.new === null;
}

/** Since when an erasure counts that the backup does not know of: one that was begun before may still have been running. */
export function erasedFrom(asOf: number): number {
  return Math.max(0, asOf - MAX_REQUEST);
}

const PAGE = 50;

/** The newest change that is looked for; null: there is none. */
async function findChange(
  store: StateStore,
  filter: ChangeFilter,
  isSought: (record: ChangeRecord) => boolean,
): Promise<ChangeRecord | null> {
  let continuation: string | undefined;
  do {
    const page = await store.pageChanges(filter, { size: PAGE, continuation });
    const found = page.items.find(isSought);
    if (found !== undefined) return found;
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return null;
}

/** A VM without the block that was lifted, and without the changes of key that were forgotten. */
async function leaveVm(store: StateStore, record: RecordOf<'vm'>, { asOf, at }: Moment) {
  const later = { key: `${record.pool}/${record.vmId}`, from: asOf + 1 };
  const block = await findChange(store, { kind: 'block', ...later }, () => true);
  const release = await findChange(
    store,
    { kind: 'activation', ...later },
    (one) => one.new?.['keyChanges'] !== undefined,
  );
  const left = {
    ...record,
    blocked: record.blocked && block?.new?.['blocked'] !== false,
    keyChanges: record.keyChanges.filter((one) => one.at > (release?.at ?? 0)),
  };
  const isBound = left.blocked || left.keyChanges.some(({ until }) => until + CLOCK_SKEW >= at);
  if (!isBound && (await isErased(store, record, erasedFrom(asOf)))) return null;
  return left.blocked || left.keyChanges.length > 0 ? left : null;
}

/** An erasure counts when it has begun. */
async function isErased(store: StateStore, { cloud, subscriptionId }: SubscriptionKey, from: number): Promise<boolean> {
  const filter = { kind: 'privacy', key: `${cloud}/${subscriptionId}`, from } as const;
  return (await findChange(store, filter, () => true)) !== null;
}

/** Who decided what is still in force stays known, as in an erasure. */
async function isErasedChange(store: StateStore, record: RecordOf<'change'>): Promise<boolean> {
  const { about, of, at } = record;
  if (of === null || !(await isErased(store, of, at + 1))) return false;
  return !HELD_KINDS.includes(about) || !(await isInForce(store, { ...record, kind: about }));
}
