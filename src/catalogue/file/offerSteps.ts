import { formatPlanName } from '../../contract/planName.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { Change, Recorded } from '../../contract/stored.ts';
import type { Offer } from '../offer.ts';
import { changeOffers } from '../offers/changeOffers.ts';
import type { OfferStore } from '../offers/changeOffers.ts';
import { MAX_EDITS } from '../offers/offerList.ts';
import type { OfferEdit, OfferList } from '../offers/offerList.ts';
import { offerKey, sellsTheSame } from '../offers/offerNames.ts';
import type { Upsert } from './cataloguePlan.ts';
import { planCatalogue } from './planCatalogue.ts';
import { ownVersion } from './step.ts';
import type { Step } from './step.ts';

/**
 * The steps that write offers, each in one transaction, one after another.
 *
 * @param upserts those that a file changes
 */
export function offerSteps(store: OfferStore, upserts: readonly Upsert<Offer>[], change: Change): readonly Step[] {
  const all = orderOffers(upserts);
  const steps: Step[] = [];
  for (let from = 0; from < all.length; from += MAX_EDITS) {
    steps.push(offerStep(store, { all, part: all.slice(from, from + MAX_EDITS) }, change));
  }
  return steps;
}

/** What one offer gives up, another one may take. */
function orderOffers(upserts: readonly Upsert<Offer>[]): readonly Upsert<Offer>[] {
  const gives = ({ value, stored }: Upsert<Offer>) =>
    stored !== null && sellsTheSame(stored.value).some((name) => !sellsTheSame(value).includes(name));
  return [...upserts.filter(gives), ...upserts.filter((upsert) => !gives(upsert))];
}

/** Offers of one transaction, and all that the file changes. */
interface OfferPart {
  readonly all: readonly Upsert<Offer>[];
  readonly part: readonly Upsert<Offer>[];
}

function offerStep(store: OfferStore, offers: OfferPart, change: Change): Step {
  return {
    names: offers.part.map(({ value }) => `offer ${formatPlanName(value.plan)}`),
    write: () => changeOffers(store, change.at, (list) => planAgain(list, offers, change)),
    takeBack: async () => {
      const changed = await changeOffers(store, change.at, (list) => planBack(list, offers, change));
      // Others have written something under an offer that was new, or have taken a name that it had before.
      if (changed.outcome !== 'written') throw new StoreUnavailableError('An offer that was written is in use.');
    },
  };
}

/** What was planned, where nobody has changed these offers since, or taken a name that the file gives out. */
function planAgain({ offers }: OfferList, { all, part }: OfferPart, change: Change): readonly OfferEdit[] | null {
  const planned = planCatalogue({ offers, licences: [] }, { offers: all.map(({ value }) => value), licences: [] });
  if (!planned.ok) return null;
  const rows = rowsByKey(offers);
  const isAsRead = part.every(({ value, stored }) => rows.get(offerKey(value))?.version === stored?.version);
  return isAsRead ? part.map((upsert) => ({ ...upsert, change })) : null;
}

/** Back to what was there, where the offers are as this request wrote them, and nobody else has their names by now. */
function planBack({ offers }: OfferList, { all, part }: OfferPart, change: Change): readonly OfferEdit[] | null {
  const rows = rowsByKey(offers);
  const editsOf = (upserts: OfferPart['all']): readonly OfferEdit[] =>
    upserts.flatMap(({ value, stored }) => {
      const present = rows.get(offerKey(value)) ?? null;
      if (ownVersion(present, value, change) === null) return [];
      return [{ value: stored?.value ?? null, stored: present, change: stored?.change ?? change }];
    });
  const own = editsOf(all);
  const deleted = new Set(own.filter(({ value }) => value === null).map(({ stored }) => stored));
  const left = offers.filter((row) => !deleted.has(row));
  const restored = own.flatMap(({ value }) => value ?? []);
  if (!planCatalogue({ offers: left, licences: [] }, { offers: restored, licences: [] }).ok) return null;
  return editsOf(part);
}

function rowsByKey(offers: OfferList['offers']): ReadonlyMap<string, Recorded<Offer>> {
  return new Map(offers.map((row) => [offerKey(row.value), row]));
}
