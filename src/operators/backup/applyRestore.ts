import { isInOrder } from '../../backup/parts.ts';
import type { RestoreTarget, StagedBackup, StagedPart, StagingStore } from '../../backup/store.ts';
import type { RestoreMark, RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { Change, Recorded, Stored } from '../../contract/stored.ts';
import type { ChangeStore } from '../../decisions/changes.ts';
import { RequestError } from '../../http/requestError.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';
import type { ViewMarkStore } from '../../views/store.ts';
import type { RecordChanges } from '../edge/recordChanges.ts';
import type { StateStore } from '../changes/changeStates.ts';
import { findRefusal } from './laterChanges.ts';
import { createLeave } from './removed.ts';
import { readRecords } from './stagedParts.ts';
import { checkPins, count, forEachRecord } from './takeRecords.ts';
import type { Counts } from './takeRecords.ts';

export interface ApplyNeeds {
  readonly issuer: string;
  readonly store: StagingStore &
    RestoreTarget &
    RestoreMarkStore &
    ViewMarkStore &
    Pick<CatalogueStore, 'holdsAnOffer'> &
    StateStore &
    Pick<ChangeStore, 'readChanged'>;
  readonly trust: Pick<LiveTrust, 'refresh'>;
  /** Seconds from a licence's issue to the end of its grace, at most. */
  readonly licenceLife: number;
}

/** What one step did. */
export interface Step {
  readonly staged: StagedBackup;
  readonly counts: Counts;
  readonly mark: RestoreMark | null;
}

/** Milliseconds: what was read without the mark is decided by no longer than this, on any instance. */
const SETTLING = 31_000;

interface Asked {
  readonly change: Change;
  readonly record: RecordChanges;
  readonly reason: string | null;
}

/**
 * Restores the next part, after the mark has been written. It can be sent again after a process has died at any write: a part
 * that was restored in part is restored once more.
 *
 * @throws {RequestError} `store_newer`, `busy`, `backup_refused`, `not_found`
 */
export async function applyNext(needs: ApplyNeeds, row: Stored<StagedBackup>, asked: Asked): Promise<Step> {
  const { store } = needs;
  const staged = row.value;
  const { at } = asked.change;
  const present = await store.readRestoreMark();
  if (present?.value.name !== staged.run) {
    const mark = await writeMark(needs, staged, present, asked);
    // Where this is lost, the mark itself says that the restore has begun.
    await store.writeStaged({ ...staged, isMarked: true }, row.version);
    return { staged, counts: {}, mark };
  }
  const mark = present.value;
  if (mark.finishedAt !== null || at < mark.appliesFrom) return { staged, counts: {}, mark };
  const counts: Counts = {};
  const index = staged.applied;
  if (index < staged.digests.length) {
    await restorePart(needs, staged, { index, restoredAt: mark.restoredAt, counts, at });
    const written = await store.writeStaged({ ...staged, isMarked: true, applied: index + 1 }, row.version);
    if (written.outcome !== 'written') throw new RequestError('busy', 'Somebody else goes on with this restore.', 5);
    if (index + 1 < staged.digests.length) return { staged: { ...staged, applied: index + 1 }, counts, mark };
  }
  await lookThroughAll(store);
  const finished = { ...mark, finishedAt: at };
  const written = await store.writeRestoreMark(finished, present.version, asked.change);
  if (written.outcome !== 'written') throw new RequestError('busy', 'Somebody else goes on with this restore.', 5);
  return { staged: { ...staged, applied: staged.digests.length }, counts, mark: finished };
}

/** Lists and the search know of what was restored as soon as the projector has gone through everything, and not in a day. */
async function lookThroughAll(store: ViewMarkStore): Promise<void> {
  const pass = await store.readMark('pass');
  // Without a mark everything is new anyway; one that changes meanwhile is of a pass that goes on.
  if (pass !== null) await store.writeMark('pass', { at: 0, place: null }, pass.version);
}

async function writeMark(
  needs: ApplyNeeds,
  staged: StagedBackup,
  present: Recorded<RestoreMark> | null,
  { change, record, reason }: Asked,
): Promise<RestoreMark> {
  const { store } = needs;
  const { at } = change;
  if (staged.isMarked || staged.applied > 0)
    throw new RequestError('not_found', 'Another restore has taken the place of this one: begin anew.');
  const isUnfinished = present !== null && present.value.finishedAt === null;
  if (isUnfinished && reason === null)
    throw new RequestError(
      'busy',
      'Another backup is being restored. Finish that one, or give a reason to restore this one in its place.',
      60,
    );
  const parts = await store.listStagedParts(staged.name);
  checkParts(staged, parts);
  const refused = await findRefusal(store, staged, at);
  if (refused !== null) throw new RequestError('store_newer', refused);
  const mark: RestoreMark = {
    ...{ name: staged.run, backup: staged.backup, asOf: staged.asOf, restoredAt: at },
    appliesFrom: (await store.holdsAnOffer()) ? at + SETTLING : at,
    // Offers may have been longer than they are in the backup: no licence can be longer than this.
    seatsExactFrom: Math.max(at + needs.licenceLife * 1_000, present?.value.seatsExactFrom ?? 0),
    ...{ finishedAt: null, confirmedAt: null },
  };
  await record({
    ...{ kind: 'restore', key: staged.backup, version: present?.version ?? null },
    old: isUnfinished ? { unfinished: present.value.backup } : null,
    new: { asOf: formatInstant(staged.asOf), parts: parts.length, ...whoSigned(staged) },
  });
  const written = await store.writeRestoreMark(mark, present?.version ?? null, change);
  if (written.outcome === 'written') return mark;
  throw new RequestError('busy', 'Another restore has begun in this instant.', 60);
}

const whoSigned = ({ signedBy, root, pins }: StagedBackup) => ({ signedBy, root, pins });

/** @throws {RequestError} `backup_refused` */
function checkParts({ digests }: StagedBackup, parts: readonly StagedPart[]): void {
  if (parts.length < digests.length)
    throw new RequestError(
      'backup_refused',
      `Only ${parts.length} of ${digests.length} parts are here. Send the others.`,
    );
  const kinds = parts.flatMap(({ first, last }) => [first, last]).filter((kind) => kind !== null);
  if (!isInOrder(kinds)) throw new RequestError('backup_refused', 'Its parts are not in the order of a backup.');
}

interface PartWork {
  readonly index: number;
  readonly restoredAt: number;
  readonly counts: Counts;
  readonly at: number;
}

async function restorePart({ issuer, store, trust }: ApplyNeeds, staged: StagedBackup, work: PartWork): Promise<void> {
  const records = await readRecords(store, staged, work.index);
  await checkPins(records, staged, trust, work.at);
  const leave = createLeave(store, { asOf: staged.asOf, at: work.at });
  const rules = { restoredAt: work.restoredAt, isTrial: false, leave };
  await forEachRecord(records, { staged, issuer }, async (record) => {
    count(work.counts, record, await store.restoreOne(record, rules));
  });
  const kinds = new Set(records.map(({ kind }) => kind));
  if (kinds.has('offer')) await store.touchOffers();
  if (kinds.has('distrust') || kinds.has('pin')) await trust.refresh(work.at);
}
