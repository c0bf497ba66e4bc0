import type { BackupRecord } from '../../backup/records.ts';
import type { StagedBackup, StagingStore } from '../../backup/store.ts';
import type { RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { ChangeMark, ChangeStore } from '../../decisions/changes.ts';

/* What the store has that was changed after a backup. */

type Store = StagingStore & RestoreMarkStore & Pick<ChangeStore, 'pageChanges' | 'readChanged'>;

const DAY = 24 * 60 * 60_000;
const MAX_LATER = 1_000;

/**
 * Why the store is not one into which this backup may be restored; null: it is. Records of restores are no changes of what is
 * restored, and neither are changes that the backup has, which were made while it ran. An uploaded key set loses nothing: of two
 * sets the one that its root key signed later stays.
 */
export async function findRefusal(store: Store, staged: StagedBackup, at: number): Promise<string | null> {
  const mark = await store.readRestoreMark();
  if (mark?.value.name === staged.run) return null;
  const parts = await store.listStagedParts(staged.name);
  const until = Math.max(staged.asOf, ...parts.map(({ newest }) => newest));
  const later = await store.readChanged({ from: until + 1, until: at + DAY }, MAX_LATER);
  const newest = later?.findLast(({ kind }) => kind !== 'restore' && kind !== 'keyset');
  if (later !== null && newest === undefined) return null;
  const which = newest === undefined ? `one of more than ${MAX_LATER}` : describeChange(newest);
  return `The newest change of this store (${which}) is later than the backup (${formatInstant(staged.asOf)}). Restore a later backup, or restore into an empty store.`;
}

function describeChange({ kind, key, at }: ChangeMark): string {
  return `${kind} ${key}, ${formatInstant(at)}`;
}

const MAX_TOLD = 100;

/** Blocks and distrusts that were decided after the backup. */
export async function findYounger(store: Store, { asOf }: StagedBackup) {
  const pages = await Promise.all(
    (['block', 'distrust'] as const).map((kind) => store.pageChanges({ kind, from: asOf + 1 }, { size: MAX_TOLD })),
  );
  const changes = pages.flatMap(({ items }) => items);
  return changes.slice(0, MAX_TOLD).map(({ kind, key, at }) => ({ kind, key, at: formatInstant(at) }));
}

/** Erasures that were begun after the backup, as far as the store knows. */
export async function findErased(store: Store, { asOf }: StagedBackup) {
  const { items } = await store.pageChanges({ kind: 'privacy', from: asOf + 1 }, { size: MAX_TOLD });
  return items.map(describeErasure);
}

/** Those that the backup itself has, because they were begun while it ran. */
export function findErasedMeanwhile(records: readonly BackupRecord[], { asOf }: StagedBackup) {
  const changes = records.filter((record) => record.kind === 'change');
  return changes.filter(({ about, at }) => about === 'privacy' && at > asOf).map(describeErasure);
}

function describeErasure({ key, at }: Pick<ChangeMark, 'key' | 'at'>) {
  return { key, at: formatInstant(at) };
}
