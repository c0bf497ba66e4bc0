import { countLicences } from './licencesUnder.ts';
import { readLicencesNear } from './licencesUnder.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { CatalogueStore, OverrideStore } from '../store.ts';
import type { Recorded } from '../../contract/stored.ts';
import { mayStrand } from './offerList.ts';
import type { OfferEdit } from './offerList.ts';
import { findStranded } from './stranded.ts';

export type DependentStore = Pick<CatalogueStore, 'listLicences' | 'listLicencesOf'> &
  Pick<OverrideStore, 'listOverridesOf'>;

/** What must be removed before an offer can be written or deleted. */
export interface InUse {
  readonly outcome: 'in_use';
  /** Of the edit. */
  readonly index: number;
  /** Of the offer; null where the message is of the offer as a whole, and a sentence. */
  readonly field: 'mode' | 'productAliases' | null;
  readonly message: string;
}

type Edit = Pick<OfferEdit, 'value' | 'stored'>;

/**
 * What edits would leave without its offer. A search through all licences and, where an offer is deleted, all overrides.
 *
 * @param offers all of them, as they are
 * @throws {StoreUnavailableError}
 */
export async function findDependents(
  store: DependentStore,
  offers: readonly Recorded<Offer>[],
  edits: readonly Edit[],
): Promise<InUse | null> {
  const licences = await readLicencesOf(store, edits.filter(mayStrand));
  const values = offers.map(({ value }) => value);
  const [stranded] = findStranded(edits, values, licences);
  const edit = edits[stranded?.index ?? -1];
  if (stranded !== undefined && edit !== undefined) return tellStranded(edit, stranded);
  return findOverrides(store, edits);
}

/** Why an edit may not leave licences behind. */
export function tellStranded(
  { value, stored }: Edit,
  { index, licences }: { readonly index: number; readonly licences: readonly Licence[] },
): InUse {
  const inUse = { outcome: 'in_use', index } as const;
  const count = countLicences(licences);
  if (value === null) return { ...inUse, field: null, message: `It has licences: ${count}. Delete them first.` };
  if (value.mode === 'marketplace' && stored?.value.mode !== 'marketplace') {
    const message = `must stay "licensed" while licences stand under the offer: ${count}; delete them first`;
    return { ...inUse, field: 'mode', message };
  }
  const message = `must stay as they are while licences count by these names: ${count}; delete them first`;
  return { ...inUse, field: 'productAliases', message };
}

async function readLicencesOf(store: DependentStore, edits: readonly Edit[]): Promise<readonly Licence[]> {
  const [first, ...more] = edits;
  if (first === undefined) return [];
  const rows = await (more.length > 0 ? store.listLicences() : readNear(store, first));
  return rows.map(({ value }) => value);
}

function readNear(store: DependentStore, { value, stored }: Edit): Promise<readonly Recorded<Licence>[]> {
  const offer = stored?.value ?? value;
  if (offer === null) return Promise.resolve([]);
  const productAliases = [...offer.productAliases, ...(value?.productAliases ?? [])];
  return readLicencesNear(store, { ...offer, productAliases });
}

async function findOverrides(store: DependentStore, edits: readonly Edit[]): Promise<InUse | null> {
  for (const [index, { value, stored }] of edits.entries()) {
    if (value !== null || stored === null) continue;
    const [first, ...more] = await store.listOverridesOf(stored.value.plan);
    if (first === undefined) continue;
    const count = more.length === 0 ? '1 override' : `${more.length + 1} overrides`;
    const whose = `that of the subscription ${first.subscriptionId} (${first.cloud})`;
    const message = `It has overrides: ${count}, ${whose} among them. Delete them first.`;
    return { outcome: 'in_use', index, field: null, message };
  }
  return null;
}
