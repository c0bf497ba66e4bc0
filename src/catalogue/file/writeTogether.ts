import { isDeepStrictEqual } from 'node:util';

import { forEachAtOnce } from '../atOnce.ts';
import { holdingKeys, namingOf } from '../holding.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { formatPlanName } from '../../contract/planName.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { CatalogueStore } from '../store.ts';
import { deleteLicence, writeLicence } from '../writeLicence.ts';
import type { LicenceWritten } from '../writeLicence.ts';
import type { Change, Recorded, Written } from '../../contract/stored.ts';
import type { CataloguePlan, Upsert } from './cataloguePlan.ts';

/** Milliseconds: after them what was written is taken back, for which the platform has to leave time. */
const MAX_WRITING = 120_000;

/** Milliseconds: whoever waits has to be told what is left before the platform ends the request. */
const MAX_TAKING_BACK = 60_000;

const MAX_NAMED = 20;

/** The store failed while a plan was written, and again while that was taken back: the message names what is left. */
export class PartlyWrittenError extends StoreUnavailableError {
  readonly rows: readonly string[];

  constructor(rows: readonly string[]) {
    const named = rows.slice(0, MAX_NAMED).join(', ');
    const more = rows.length > MAX_NAMED ? ` and ${rows.length - MAX_NAMED} more` : '';
    super(
      `The store failed, and again while what was written was taken back. Perhaps written: ${named}${more}. ` +
        'Look at these rows: correct them, or apply the file again to have all of it.',
    );
    this.rows = rows;
  }
}

type RowStore = Pick<
  CatalogueStore,
  | 'readOffer'
  | 'readLicence'
  | 'writeOffer'
  | 'writeLicence'
  | 'deleteOffer'
  | 'deleteLicence'
  | 'readHolding'
  | 'writeHolding'
>;

/** One row to write, and how it is taken back. */
interface RowWrite {
  /** For people. */
  readonly name: string;
  write(): Promise<Written | LicenceWritten>;
  /** @param version what the row has since it was written; null where nobody knows whether it was */
  takeBack(version: string | null): Promise<unknown>;
}

/**
 * Writes a plan whole or not at all, as far as that is in one process's hands: rows of several partitions have no
 * transaction. Offers come before licences. Where a row was changed meanwhile, or the store fails, what was written is
 * taken back. A process that ends in the middle leaves a part, and the same file applied again writes the rest.
 *
 * @returns false, with nothing written, where somebody else changed one of the rows at the same time
 * @throws StoreUnavailableError with nothing written, unless it is a {@link PartlyWrittenError}
 */
export async function writeTogether(
  store: RowStore,
  { offers, licences }: CataloguePlan,
  change: Change,
): Promise<boolean> {
  const progress: Progress = { undos: [], isStopped: false };
  const changed = licences.filter(isChanged);
  const groups = [
    offers.filter(isChanged).map((upsert) => offerWrite(store, upsert, change)),
    // What one licence gives up, another one may take.
    changed.filter((upsert) => givesUp(upsert, change.at)).map((upsert) => licenceWrite(store, upsert, change)),
    changed.filter((upsert) => !givesUp(upsert, change.at)).map((upsert) => licenceWrite(store, upsert, change)),
  ];
  try {
    const deadline = AbortSignal.timeout(MAX_WRITING);
    for (const rows of groups) await writeGroup(rows, progress, deadline);
  } catch (error) {
    await takeBack(progress);
    throw error;
  }
  if (progress.isStopped) await takeBack(progress);
  return !progress.isStopped;
}

interface Progress {
  readonly undos: Undo[];
  /** A row was changed meanwhile, or a write failed: nothing more is begun. */
  isStopped: boolean;
}

interface Undo {
  readonly row: RowWrite;
  readonly version: string | null;
}

function isChanged<T>({ value, stored }: Upsert<T>): boolean {
  return !isDeepStrictEqual(stored?.value, value);
}

async function writeGroup(rows: readonly RowWrite[], progress: Progress, deadline: AbortSignal): Promise<void> {
  await forEachAtOnce(rows, async (row) => {
    if (progress.isStopped) return;
    if (deadline.aborted) {
      progress.isStopped = true;
      throw new StoreUnavailableError('The store is too slow for so many rows at once: split the file.');
    }
    await writeRow(row, progress);
  });
}

async function writeRow(row: RowWrite, progress: Progress): Promise<void> {
  try {
    const answer = await row.write();
    if (answer.outcome === 'written') progress.undos.push({ row, version: answer.version });
    else progress.isStopped = true;
  } catch (error) {
    progress.isStopped = true;
    progress.undos.push({ row, version: null });
    throw error;
  }
}

/** The last ones first: licences before their offers. What fails is tried once more. */
async function takeBack({ undos }: Progress): Promise<void> {
  const deadline = AbortSignal.timeout(MAX_TAKING_BACK);
  const failed = await takeBackEach(undos.toReversed(), deadline);
  const left = await takeBackEach(failed, deadline);
  if (left.length > 0) throw new PartlyWrittenError(left.map(({ row }) => row.name));
}

/** Tries all of them. @returns those that failed, or for which there was no time */
async function takeBackEach(undos: readonly Undo[], deadline: AbortSignal): Promise<readonly Undo[]> {
  const failed: Undo[] = [];
  await forEachAtOnce(undos, async (undo) => {
    try {
      deadline.throwIfAborted();
      await undo.row.takeBack(undo.version);
    } catch {
      failed.push(undo);
    }
  });
  return failed;
}

function offerWrite(store: RowStore, { value, stored }: Upsert<Offer>, change: Change): RowWrite {
  return {
    name: `offer ${formatPlanName(value.plan)}`,
    write: () => store.writeOffer(value, stored?.version ?? null, change),
    takeBack: async (known) => {
      const version = known ?? ownVersion(await store.readOffer(value.plan), value, change);
      if (version === null) return;
      await (stored === null
        ? store.deleteOffer(value.plan, version)
        : store.writeOffer(stored.value, version, stored.change));
    },
  };
}

/** Whether a subscription that was to stay is to stay no longer. */
function givesUp({ value, stored }: Upsert<Licence>, at: number): boolean {
  if (stored === null) return false;
  const staying = holdingKeys(stored.value).filter((key) => namingOf(stored.value, key, at) === 'stays');
  return staying.some((key) => namingOf(value, key, at) !== 'stays');
}

function licenceWrite(store: RowStore, { value, stored }: Upsert<Licence>, change: Change): RowWrite {
  return {
    name: `licence ${value.id}`,
    write: () => writeLicence(store, { value, stored }, change),
    takeBack: async (known) => {
      const version = known ?? ownVersion(await store.readLicence(value.id), value, change);
      if (version === null) return;
      const present = { value, version, change };
      await (stored === null
        ? deleteLicence(store, present, change.at)
        : writeLicence(store, { value: stored.value, stored: present }, stored.change));
    },
  };
}

/** A write without an answer may have been executed all the same. Another operator's is not ours, though it says the same. */
function ownVersion<T>(present: Recorded<T> | null, value: T, change: Change): string | null {
  if (present === null) return null;
  return isDeepStrictEqual([present.value, present.change], [value, change]) ? present.version : null;
}
