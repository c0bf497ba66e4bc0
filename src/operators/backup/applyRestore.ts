import { digestPart, isInOrder, PartError, readPart } from '../../backup/parts.ts';
import type { ReadPart } from '../../backup/parts.ts';
import type { BackupRecord } from '../../backup/records.ts';
import type {
  Restored,
  RestoreTarget,
  StagedBackup,
  StagedPart,
  StagingStore,
  StoredRecord,
} from '../../backup/store.ts';
import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { RestoreMark, RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';
import type { RestoreReportJson } from '../../contract/operators/backup.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { Change, Recorded, Stored } from '../../contract/stored.ts';
import type { ChangeRecord, ChangeStore } from '../../decisions/changes.ts';
import { RequestError } from '../../http/requestError.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';
import type { ViewMarkStore } from '../../views/store.ts';
import type { RecordChanges } from '../edge/recordChanges.ts';
import { findDenied } from './judgeRestore.ts';

export interface ApplyNeeds {
  readonly store: StagingStore &
    RestoreTarget &
    RestoreMarkStore &
    ViewMarkStore &
    Pick<CatalogueStore, 'holdsAnOffer'> &
    Pick<ChangeStore, 'pageChanges'>;
  readonly trust: Pick<LiveTrust, 'refresh'>;
}

type Counts = RestoreReportJson['counts'];

/** What one step did. */
export interface Step {
  readonly staged: StagedBackup;
  readonly counts: Counts;
  readonly mark: RestoreMark | null;
}

/** Keeps a part that is the one that the statement names. @throws {RequestError} `backup_refused` */
export async function keepPart(
  store: StagingStore,
  { name, digests }: StagedBackup,
  { index, text, at }: { readonly index: number; readonly text: string; readonly at: number },
): Promise<void> {
  if (digestPart(text) !== digests[index])
    throw new RequestError('backup_refused', `Part ${index + 1} is not the one that the statement names.`);
  const { records, first, last } = parsePart(text, index);
  const offers = records.flatMap((record) => (record.kind === 'offer' ? [record.offer] : []));
  const lifetime = Math.max(
    0,
    ...offers.map((one) => (one.offline ? Math.max(one.lifetime, one.offlineLifetime) : one.lifetime)),
  );
  const grace = Math.max(0, ...offers.map((one) => one.grace));
  await store.putStagedPart(name, { index, at, first, last, lifetime, grace }, text);
}

function parsePart(text: string, index: number): ReadPart {
  try {
    return readPart(text);
  } catch (error) {
    if (!(error instanceof PartError)) throw error;
    throw new RequestError('backup_refused', `Part ${index + 1} cannot be restored. ${error.message}`);
  }
}

/** Milliseconds: what was read without the mark is decided by no longer than this, on any instance. */
const SETTLING = 31_000;

interface Asked {
  readonly change: Change;
  readonly record: RecordChanges;
}

/**
 * Restores the next part, after the mark has been written. It can be sent again after a process has died at any write: a part
 * that was restored in part is restored once more.
 *
 * @throws {RequestError} `store_newer`, `busy`, `backup_refused`
 */
export async function applyNext(needs: ApplyNeeds, row: Stored<StagedBackup>, asked: Asked): Promise<Step> {
  const { store } = needs;
  const staged = row.value;
  const { at } = asked.change;
  const present = await store.readRestoreMark();
  if (present?.value.name !== staged.name) {
    const mark = await writeMark(needs, staged, present, asked);
    return { staged, counts: {}, mark };
  }
  const mark = present.value;
  if (mark.finishedAt !== null || at < mark.appliesFrom) return { staged, counts: {}, mark };
  const counts: Counts = {};
  const index = staged.applied;
  if (index < staged.digests.length) {
    await restorePart(needs, staged, { index, restoredAt: mark.restoredAt, counts, at });
    const written = await store.writeStaged({ ...staged, applied: index + 1 }, row.version);
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
  { change, record }: Asked,
): Promise<RestoreMark> {
  const { store } = needs;
  const { at } = change;
  if (present !== null && present.value.finishedAt === null)
    throw new RequestError('busy', 'Another backup is being restored. Finish that one first.', 60);
  const parts = await store.listStagedParts(staged.name);
  checkParts(staged, parts);
  const refused = await findRefusal(needs, staged);
  if (refused !== null) throw new RequestError('store_newer', refused);
  const longest = (of: (part: StagedPart) => number) => Math.max(0, ...parts.map(of));
  const life = longest(({ lifetime }) => lifetime) + longest(({ grace }) => grace);
  const mark: RestoreMark = {
    ...{ name: staged.name, backup: staged.backup, asOf: staged.asOf, restoredAt: at },
    appliesFrom: (await store.holdsAnOffer()) ? at + SETTLING : at,
    seatsExactFrom: Math.max(at + life, present?.value.seatsExactFrom ?? 0),
    ...{ finishedAt: null, confirmedAt: null },
  };
  await record({
    ...{ kind: 'restore', key: staged.backup, version: present?.version ?? null, old: null },
    new: { asOf: formatInstant(staged.asOf), parts: parts.length, signedBy: staged.signedBy, pins: staged.pins },
  });
  const written = await store.writeRestoreMark(mark, present?.version ?? null, change);
  if (written.outcome === 'written') return mark;
  throw new RequestError('busy', 'Another restore has begun in this instant.', 60);
}

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

/** Records of restores are no changes of what is restored. */
const MAX_RESTORES = 50;

/** Why the store is not one into which this backup may be restored; null: it is. */
export async function findRefusal({ store }: ApplyNeeds, { asOf }: StagedBackup): Promise<string | null> {
  const { items } = await store.pageChanges({}, { size: MAX_RESTORES });
  const newest = items.find(({ kind }) => kind !== 'restore');
  if (newest === undefined || newest.at <= asOf) return null;
  return `The newest change of this store (${describeChange(newest)}) is later than the backup (${formatInstant(asOf)}). Restore a later backup, or restore into an empty store.`;
}

function describeChange({ kind, key, at }: ChangeRecord): string {
  return `${kind} ${key}, ${formatInstant(at)}`;
}

interface PartWork {
  readonly index: number;
  readonly restoredAt: number;
  readonly counts: Counts;
  readonly at: number;
}

async function restorePart({ store, trust }: ApplyNeeds, staged: StagedBackup, work: PartWork): Promise<void> {
  const records = await readRecords(store, staged, work.index);
  const rules = { restoredAt: work.restoredAt, isTrial: false };
  await forEachRecord(records, staged, async (record) => {
    count(work.counts, record, await store.restoreOne(record, rules));
  });
  const kinds = new Set(records.map(({ kind }) => kind));
  if (kinds.has('offer')) await store.touchOffers();
  if (kinds.has('distrust') || kinds.has('pin')) await trust.refresh(work.at);
}

/** Kinds one after the other, for their order is part of what is promised; objects of a kind several at once. */
async function forEachRecord(
  records: readonly BackupRecord[],
  { pins }: StagedBackup,
  run: (record: StoredRecord) => Promise<void>,
): Promise<void> {
  const isTaken = (record: BackupRecord): record is StoredRecord =>
    record.kind !== 'key' && (record.kind !== 'pin' || pins === null || pins.includes(record.sha256));
  const taken = records.filter(isTaken);
  for (const own of Map.groupBy(taken, ({ kind }) => kind).values()) await forEachAtOnce(own, run);
}

function count(counts: Counts, { kind }: BackupRecord, { outcome }: Restored): void {
  const own = (counts[kind] ??= { created: 0, replaced: 0, kept: 0 });
  own[outcome] += 1;
}

async function readRecords(store: StagingStore, { name, digests }: StagedBackup, index: number) {
  const text = await store.readStagedText(name, index);
  if (text === null || digestPart(text) !== digests[index])
    throw new RequestError('backup_refused', `Part ${index + 1} is not here. Send it again.`);
  return parsePart(text, index).records;
}

const MAX_TOLD = 100;

/** What restoring a part would do. @throws {RequestError} `backup_refused` */
export async function tryPart(needs: ApplyNeeds, staged: StagedBackup, index: number, at: number) {
  const { store } = needs;
  const counts: Counts = {};
  const denied: NonNullable<RestoreReportJson['effect']>['denied'] = [];
  await forEachRecord(await readRecords(store, staged, index), staged, async (record) => {
    const restored = await store.restoreOne(record, { restoredAt: at, isTrial: true });
    count(counts, record, restored);
    const stop = findDenied(record, restored, at);
    if (stop !== null) denied.push(stop);
  });
  const first = index === 0;
  const younger = first ? await findYounger(needs, staged) : [];
  const refused = first ? await findRefusal(needs, staged) : null;
  return { counts, effect: { refused, denied: denied.slice(0, MAX_TOLD), deniedInAll: denied.length, younger } };
}

/** Blocks and distrusts that were decided after the backup. */
async function findYounger({ store }: ApplyNeeds, { asOf }: StagedBackup) {
  const pages = await Promise.all(
    (['block', 'distrust'] as const).map((kind) => store.pageChanges({ kind, from: asOf + 1 }, { size: MAX_TOLD })),
  );
  const changes = pages.flatMap(({ items }) => items);
  return changes.slice(0, MAX_TOLD).map(({ kind, key, at }) => ({ kind, key, at: formatInstant(at) }));
}
