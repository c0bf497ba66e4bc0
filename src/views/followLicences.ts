import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { foldCase } from '../contract/planName.ts';
import type { ChangeStore } from '../decisions/changes.ts';
import { projectLicence } from './projectLicence.ts';
import type { LicenceProjectionStore } from './projectLicence.ts';
import type { ViewMarkStore } from './store.ts';

/** Milliseconds: a change has the time at which its request came, and may be written so much later. */
const OVERLAP = 10 * 60_000;
/** Changes that are read at once. */
const MAX_CHANGES = 1_000;

export interface FollowNeeds {
  readonly store: LicenceProjectionStore & ViewMarkStore & Pick<ChangeStore, 'readChanged'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Copies the licences that were changed. One that is as it was copied already costs two reads, so changes are read with an
 * overlap. What the log lost, the daily pass finds.
 *
 * @returns how many licences were looked at
 * @throws {StoreUnavailableError}
 */
export async function followLicences({ store, now }: FollowNeeds): Promise<number> {
  const target = now();
  const mark = await store.readMark('licences');
  let version = mark?.version ?? null;
  // What was there before the first run is the daily pass's.
  let from = (mark?.value.at ?? target) - OVERLAP;
  let [span, count] = [target - from, 0];
  while (from < target) {
    const until = Math.min(from + span, target);
    const limit = until - from === 1 ? Number.POSITIVE_INFINITY : MAX_CHANGES;
    const changes = await store.readChanged({ from, until }, limit);
    if (changes === null) {
      span = Math.ceil((until - from) / 2);
      continue;
    }
    const ids = new Set(changes.filter(({ kind }) => kind === 'licence').map(({ key }) => foldCase(key)));
    await forEachAtOnce([...ids], (id) => projectLicence(store, id));
    const written = await store.writeMark('licences', { at: until, place: null }, version);
    count += ids.size;
    if (written.outcome !== 'written') return count;
    ({ version } = written);
    [from, span] = [until, span * 2];
  }
  return count;
}
