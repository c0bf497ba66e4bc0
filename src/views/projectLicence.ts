import type { CatalogueStore, RecordedLicence } from '../catalogue/store.ts';
import type { Stored } from '../contract/stored.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import { placeLicence } from './licencePlaces.ts';
import type { LicencePlaces, LicenceViewStore } from './store.ts';

export type LicenceProjectionStore = Pick<CatalogueStore, 'readLicence'> & Omit<LicenceViewStore, 'pagePlaces'>;

/** Somebody else may do the same at the same time. */
const MAX_TRIES = 10;

/**
 * Brings words and copies of a licence to what it says now; of one that is gone they go. All places in which there may be
 * something are written down first: whatever a crash leaves is found again.
 *
 * @param id as the licence is keyed
 * @param isForced whether it is copied though it was copied as it is
 * @throws {StoreUnavailableError}
 */
export async function projectLicence(store: LicenceProjectionStore, id: string, isForced = false): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const known = await store.readPlaces(id);
    const licence = await store.readLicence(id);
    if (isCopied(known, licence) && tries === 0 && !isForced) return;
    const wanted = licence === null ? noPlaces(id) : placeLicence(licence);
    const version = await writeDown(store, known, wanted);
    if (version === null) continue;
    if (licence !== null) await store.putCopies(licence, wanted);
    if (known !== null) await store.deleteCopies(without(known.value, wanted));
    // Whoever came in between may have read another licence: then everything is done again.
    if (version === NONE || (await finish(store, wanted, version))) return;
  }
  throw new StoreUnavailableError(`A licence was copied by others ${MAX_TRIES} times at once.`);
}

function isCopied(known: Stored<LicencePlaces> | null, licence: RecordedLicence | null): boolean {
  return known === null ? licence === null : known.value.version === licence?.version;
}

/** The version of a row that is not there, and need not be. */
const NONE = '';

/** @returns the version of the row that has all places; `null` if it was changed meanwhile */
async function writeDown(
  store: LicenceProjectionStore,
  known: Stored<LicencePlaces> | null,
  wanted: LicencePlaces,
): Promise<string | null> {
  const added = known === null ? wanted : without(wanted, known.value);
  if (added.words.length === 0 && added.copies.length === 0) return known?.version ?? NONE;
  const words = [...(known?.value.words ?? []), ...added.words];
  const copies = [...(known?.value.copies ?? []), ...added.copies];
  const all = { id: wanted.id, version: known?.value.version ?? '', words, copies };
  const written = await store.writePlaces(all, known?.version ?? null);
  return written.outcome === 'written' ? written.version : null;
}

async function finish(store: LicenceProjectionStore, wanted: LicencePlaces, version: string): Promise<boolean> {
  if (wanted.version === '') return (await store.deletePlaces(wanted.id, version)) !== 'changed';
  return (await store.writePlaces(wanted, version)).outcome === 'written';
}

function noPlaces(id: string): LicencePlaces {
  return { id, version: '', words: [], copies: [] };
}

/** What is in the one and not in the other. */
function without({ id, version, words, copies }: LicencePlaces, other: LicencePlaces): LicencePlaces {
  return {
    ...{ id, version },
    words: words.filter((word) => !other.words.includes(word)),
    copies: copies.filter(({ order, key }) => !other.copies.some((one) => one.order === order && one.key === key)),
  };
}
