import type { BackupRecord } from '../../backup/records.ts';
import type { StagedBackup, StagingStore } from '../../backup/store.ts';
import type { RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { ChangeFilter, ChangeMark, ChangeStore } from '../../decisions/changes.ts';
import { erasedFrom } from './removed.ts';

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

/** Blocks and distrusts that were decided after the backup, the newest of each. */
export async function findYounger(store: Store, { asOf }: StagedBackup) {
  const from = asOf + 1;
  const [distrusts, blocks] = await Promise.all([
    findNewest(store, { kind: 'distrust', from }, MAX_TOLD / 2),
    findNewest(store, { kind: 'block', from }, MAX_TOLD / 2),
  ]);
  return [...distrusts, ...blocks].map(({ kind, key, at }) => ({ kind, key, at: formatInstant(at) }));
}

/** Erasures that may not have been over when the backup began, as far as the store knows. */
export async function findErased(store: Store, { asOf }: StagedBackup) {
  const changes = await findNewest(store, { kind: 'privacy', from: erasedFrom(asOf) }, MAX_TOLD);
  return changes.map(describeErasure);
}

/** Those that the backup itself has. */
export function findErasedMeanwhile(records: readonly BackupRecord[], { asOf }: StagedBackup) {
  const changes = records.filter((record) => record.kind === 'change');
  return changes.filter(({ about, at }) => about === 'privacy' && at >= erasedFrom(asOf)).map(describeErasure);
}

/** A search may answer with few changes, or none, though there are more. */
async function findNewest(store: Store, filter: ChangeFilter, most: number): Promise<readonly ChangeMark[]> {
  const found: ChangeMark[] = [];
  let continuation: string | undefined;
  do {
    const page = await store.pageChanges(filter, { size: most, continuation });
    found.push(...page.items);
    continuation = page.next ?? undefined;
  } while (continuation !== undefined && found.length < most);
  return found.slice(0, most);
}

function describeErasure({ key, at }: Pick<ChangeMark, 'key' | 'at'>) {
  return { key, at: formatInstant(at) };
}
