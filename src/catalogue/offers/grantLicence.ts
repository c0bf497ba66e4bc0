import type { Change, Written } from '../../contract/stored.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { CatalogueStore } from '../store.ts';
import { deleteLicence, writeLicence } from '../writeLicence.ts';
import type { LicenceWritten } from '../writeLicence.ts';
import { grantUnder } from './grantUnder.ts';
import { createOfferFinder } from './licencesUnder.ts';

type GrantStore = Pick<
  CatalogueStore,
  | 'readOfferList'
  | 'putNotice'
  | 'dropNotice'
  | 'readLicence'
  | 'writeLicence'
  | 'deleteLicence'
  | 'readHolding'
  | 'writeHolding'
>;

/** `unfounded`: there is no offer for it, or no longer. */
type LicenceGranted = LicenceWritten | { readonly outcome: 'unfounded' };

/**
 * Writes a licence that is new.
 *
 * @throws {StoreUnavailableError} it may have been written
 */
export function grantLicence(store: GrantStore, value: Licence, change: Change): Promise<LicenceGranted> {
  const about = `the licence ${value.id}`;
  const isFounded = (offers: readonly Offer[]) => areLicensed(offers, [value.plan]);
  const undo = async (written: LicenceWritten): Promise<void> => {
    if (written.outcome === 'written') await deleteLicence(store, present(value, written, change), change.at);
  };
  const write = () => writeLicence(store, { value, stored: null }, change);
  return grantUnder(store, { about, plans: [value.plan], at: change.at, isFounded }, { write, undo });
}

function present(value: Licence, { version }: Extract<Written, { outcome: 'written' }>, change: Change) {
  return { value, version, change };
}

/** Whether licences for these plans come under an offer, and have an effect there. */
export function areLicensed(offers: readonly Offer[], plans: readonly PlanName[]): boolean {
  const find = createOfferFinder(offers);
  return plans.every((plan) => {
    const match = find(plan);
    return match.found && match.offer.mode === 'licensed';
  });
}
