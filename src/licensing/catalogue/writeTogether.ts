import { isDeepStrictEqual } from 'node:util';

import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { CatalogueStore, Change, Recorded, Written } from '../store.ts';
import type { CataloguePlan, Upsert } from './planCatalogue.ts';

/** Requests at a time: a few thousand rows take seconds, and the store has room for others. */
const AT_ONCE = 16;

type RowStore = Pick<
  CatalogueStore,
  'readOffer' | 'readLicence' | 'writeOffer' | 'writeLicence' | 'deleteOffer' | 'deleteLicence'
>;

/** One row to write, and how it is taken back. */
interface RowWrite {
  write(): Promise<Written>;
  /** @param version what the row has since it was written; null where nobody knows whether it was */
  takeBack(version: string | null): Promise<unknown>;
}

/**
 * Writes a plan whole or not at all, as far as that is in one process's hands: rows of several partitions have no
 * transaction. Offers come before licences. Where a row was changed meanwhile, or the store fails, what was written is
 * taken back. A process that ends in the middle leaves a part, and the same file applied again writes the rest.
 *
 * @returns false, with nothing written, where somebody else changed one of the rows at the same time
 * @throws StoreUnavailableError
 */
export async function writeTogether(
  store: RowStore,
  { offers, licences }: CataloguePlan,
  change: Change,
): Promise<boolean> {
  const progress: Progress = { undos: [], isStopped: false };
  const groups = [
    offers.filter(isChanged).map((upsert) => offerWrite(store, upsert, change)),
    licences.filter(isChanged).map((upsert) => licenceWrite(store, upsert, change)),
  ];
  try {
    for (const rows of groups) await writeGroup(rows, progress);
  } catch (error) {
    await takeBack(progress);
    throw error;
  }
  if (progress.isStopped) await takeBack(progress);
  return !progress.isStopped;
}

interface Progress {
  readonly undos: (() => Promise<unknown>)[];
  /** A row was changed meanwhile, or a write failed: nothing more is begun. */
  isStopped: boolean;
}

function isChanged<T>({ value, stored }: Upsert<T>): boolean {
  return !isDeepStrictEqual(stored?.value, value);
}

async function writeGroup(rows: readonly RowWrite[], progress: Progress): Promise<void> {
  const queue = rows.values();
  const work = async (): Promise<void> => {
    for (const row of queue) {
      if (progress.isStopped) return;
      await writeRow(row, progress);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function writeRow(row: RowWrite, progress: Progress): Promise<void> {
  try {
    const answer = await row.write();
    if (answer.outcome === 'written') progress.undos.push(() => row.takeBack(answer.version));
    else progress.isStopped = true;
  } catch (error) {
    progress.isStopped = true;
    progress.undos.push(() => row.takeBack(null));
    throw error;
  }
}

/** The last one first: a licence before its offer. */
async function takeBack({ undos }: Progress): Promise<void> {
  for (const undo of undos.toReversed()) await undo();
}

function offerWrite(store: RowStore, { value, stored }: Upsert<Offer>, change: Change): RowWrite {
  return {
    write: () => store.writeOffer(value, stored?.version ?? null, change),
    takeBack: async (known) => {
      const version = known ?? ownVersion(await store.readOffer(value.plan), value);
      if (version === null) return;
      await (stored === null
        ? store.deleteOffer(value.plan, version)
        : store.writeOffer(stored.value, version, stored.change));
    },
  };
}

function licenceWrite(store: RowStore, { value, stored }: Upsert<Licence>, change: Change): RowWrite {
  return {
    write: () => store.writeLicence(value, stored?.version ?? null, change),
    takeBack: async (known) => {
      const version = known ?? ownVersion(await store.readLicence(value), value);
      if (version === null) return;
      await (stored === null
        ? store.deleteLicence(value, version)
        : store.writeLicence(stored.value, version, stored.change));
    },
  };
}

/** A write without an answer may have been executed all the same. */
function ownVersion<T>(present: Recorded<T> | null, value: T): string | null {
  return present !== null && isDeepStrictEqual(present.value, value) ? present.version : null;
}
