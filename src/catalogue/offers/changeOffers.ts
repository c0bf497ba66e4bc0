import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { CLOCK_SKEW } from '../../contract/clocks.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { Offer } from '../offer.ts';
import { findDependents } from './dependents.ts';
import type { DependentStore, InUse } from './dependents.ts';
import { isInTheWay, mayStrand, namesOfEdit, noticeNames } from './offerList.ts';
import type { Notice, OfferEdit, OfferList, OfferListStore, OffersWritten } from './offerList.ts';

export type OfferStore = OfferListStore & DependentStore;

/**
 * `rows`: of each edit the offer as it is now, null where it is deleted. `changed`: others write offers again and again, or
 * what was planned can no longer be written.
 */
export type OffersChanged =
  | { readonly outcome: 'written'; readonly rows: readonly (Recorded<Offer> | null)[] }
  | Extract<OffersWritten, { outcome: 'changed' }>
  | InUse;

/**
 * Judges what is to be written by the offers as they are, and throws what it refuses; null where it cannot be written.
 *
 * @param isAgain somebody else wrote an offer since it was last asked
 */
type PlanEdits = (
  list: OfferList,
  isAgain: boolean,
) => readonly OfferEdit[] | null | Promise<readonly OfferEdit[] | null>;

/** A notice that is older, by any instance's clock, was left behind by a process that ended. */
const ABANDONED = 60_000 + CLOCK_SKEW;
const ATTEMPTS = 5;

/**
 * Writes offers, all or nothing, as they were judged: where somebody else writes an offer meanwhile, they are judged again.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError} they may have been written
 */
export async function changeOffers(store: OfferStore, at: number, plan: PlanEdits): Promise<OffersChanged> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const list = await store.readOfferList();
    const planned = await plan(list, attempt > 0);
    if (planned === null) break;
    const edits = planned.filter(isChange);
    const answer = await writeEdits(store, { list, edits, at });
    if (answer.outcome === 'in_use') return answer;
    if (answer.outcome === 'written') return { outcome: 'written', rows: rowsOf(planned, edits, answer.versions) };
  }
  return { outcome: 'changed' };
}

function isChange({ value, stored }: OfferEdit): boolean {
  return value === null || !isDeepStrictEqual(value, stored?.value);
}

function rowsOf(
  planned: readonly OfferEdit[],
  edits: readonly OfferEdit[],
  versions: readonly string[],
): readonly (Recorded<Offer> | null)[] {
  return planned.map((edit) => {
    const { value, stored, change } = edit;
    const version = versions[edits.indexOf(edit)];
    if (version === undefined) return stored;
    return value === null ? null : { value, version, change };
  });
}

function writeEdits(store: OfferStore, writing: Writing): Promise<OffersWritten | InUse> {
  const { list, edits } = writing;
  if (edits.length === 0) return Promise.resolve({ outcome: 'written', versions: [] });
  if (edits.some(mayStrand)) return removeOffers(store, writing);
  return store.writeOffers(edits, { list: list.version, notice: null });
}

interface Writing {
  readonly list: OfferList;
  readonly edits: readonly OfferEdit[];
  readonly at: number;
}

/** Says so first: whoever grants something from now on sees it, and whoever began before is seen. */
async function removeOffers(store: OfferStore, { list: judged, edits, at }: Writing): Promise<OffersWritten | InUse> {
  const names = noticeNames(edits.filter(mayStrand).flatMap(namesOfEdit));
  const notice: Notice = { id: randomUUID(), kind: 'removal', about: '', names, at };
  await store.putNotice(notice);
  let answer: OffersWritten | InUse = { outcome: 'changed' };
  try {
    const list = await store.readOfferList();
    if (list.version !== judged.version) return answer;
    const inUse = await findObstacle(store, { list, edits, at });
    answer = inUse ?? (await store.writeOffers(edits, { list: list.version, notice: notice.id }));
    return answer;
  } finally {
    if (answer.outcome !== 'written') await dropQuietly(store, notice.id);
  }
}

async function findObstacle(store: OfferStore, writing: Writing): Promise<InUse | null> {
  const { list, at } = writing;
  // Whose notice is gone looks whether the offer is still there, and else takes back what it wrote.
  const abandoned = list.notices.filter((one) => at >= one.at + ABANDONED);
  await Promise.all(abandoned.map(({ id }) => store.dropNotice(id)));
  return findInUse(store, writing);
}

/**
 * What stands in the way of edits by which licences may lose their offer; null where nothing does.
 *
 * @throws {StoreUnavailableError}
 */
export async function findInUse(store: DependentStore, { list, edits, at }: Writing): Promise<InUse | null> {
  const removal = { names: noticeNames(edits.filter(mayStrand).flatMap(namesOfEdit)) };
  const grant = list.notices.find((one) => one.kind === 'grant' && at < one.at + ABANDONED && isInTheWay(one, removal));
  if (grant === undefined) return findDependents(store, list.offers, edits);
  const message = `Somebody is writing ${grant.about} under it. Try again in three minutes.`;
  return { outcome: 'in_use', index: edits.findIndex(mayStrand), field: null, message };
}

/** What stays is passed over later. */
async function dropQuietly(store: OfferListStore, id: string): Promise<void> {
  try {
    await store.dropNotice(id);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}
