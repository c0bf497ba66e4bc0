import { ANY } from '../../contract/planName.ts';
import type { Change, Recorded } from '../../contract/stored.ts';
import { sellsTheSame } from './offerNames.ts';
import type { Offer } from '../offer.ts';

/*
 * Two things must hold whatever operators write at the same time: no two offers share a name, and no licence is without
 * its offer. The first is guarded by the version of the list of offers as a whole: an offer is written in one transaction
 * with it, on the condition that it is as it was when the write was judged. For the second, licences and offers lie in
 * different tables, which have no transaction. So whoever is about to write a licence, and whoever is about to take an offer
 * away from licences, first says so by a notice beside the offers, and only then looks whether the other is there.
 */

/**
 * What somebody is about to write. `grant`: something that needs an offer. `removal`: an offer that goes, or that licences
 * will no longer count under. What a process that ends leaves behind is passed over after some minutes.
 */
export interface Notice {
  readonly id: string;
  readonly kind: 'grant' | 'removal';
  /** For people: the licence that is written. */
  readonly about: string;
  /** `publisher/product/plan` in lower case; of a removal the plan may be `*`, which stands for every plan. */
  readonly names: readonly string[] | typeof ANY;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** All offers, and who is about to write one or something under one. */
export interface OfferList {
  readonly offers: readonly Recorded<Offer>[];
  /** It changes with every write of an offer; null before the first one. */
  readonly version: string | null;
  readonly notices: readonly Notice[];
}

/** An offer as it shall be, null where it is deleted, and as it is, null where it is not there. */
export interface OfferEdit {
  readonly value: Offer | null;
  readonly stored: Recorded<Offer> | null;
  readonly change: Change;
}

/** On what condition offers are written. */
export interface OfferCondition {
  /** The version of the list. */
  readonly list: string | null;
  /** The notice that must still be there, and goes with the write; null where none is needed. */
  readonly notice: string | null;
}

/** `versions`: of each offer, in the order of the edits. */
export type OffersWritten =
  { readonly outcome: 'written'; readonly versions: readonly string[] } | { readonly outcome: 'changed' };

export interface OfferListStore {
  readOfferList(): Promise<OfferList>;
  /** All or nothing: at most {@link MAX_EDITS}. */
  writeOffers(edits: readonly OfferEdit[], condition: OfferCondition): Promise<OffersWritten>;
  putNotice(notice: Notice): Promise<void>;
  /** @returns whether it was still there */
  dropNotice(id: string): Promise<boolean>;
}

/** An offer has at most 250 KB on its way (500 skus of 64 characters, each of them escaped), and a transaction 4 MiB. */
export const MAX_EDITS = 16;

/** Characters: one text of a row has at most 32,768. */
const MAX_NAMES = 30_000;

/** Names for a notice; where they are too many it is for all. */
export function noticeNames(names: readonly string[]): Notice['names'] {
  const distinct = [...new Set(names)];
  return JSON.stringify(distinct).length > MAX_NAMES ? ANY : distinct;
}

type Named = Pick<Notice, 'names'>;

/** Whether what is granted may need what is removed. */
export function isInTheWay(grant: Named, removal: Named): boolean {
  const [granted, removed] = [grant.names, removal.names];
  if (granted === ANY || removed === ANY) return true;
  return granted.some((name) => removed.some((one) => one === name || isOfEveryPlan(one, name)));
}

function isOfEveryPlan(offer: string, name: string): boolean {
  return offer.endsWith(`/${ANY}`) && name.startsWith(offer.slice(0, -ANY.length));
}

/** Whether licences that counted under the offer until now may no longer do so, or others come under it that cannot. */
export function mayStrand({ value, stored }: Pick<OfferEdit, 'value' | 'stored'>): boolean {
  if (value === null) return true;
  const isSold = value.mode === 'marketplace';
  if (stored === null) return isSold;
  const [before, after] = [sellsTheSame(stored.value), sellsTheSame(value)];
  if (before.some((name) => !after.includes(name))) return true;
  return isSold && (stored.value.mode !== 'marketplace' || after.some((name) => !before.includes(name)));
}

/** All names that an edit gives to an offer or takes from it. */
export function namesOfEdit({ value, stored }: Pick<OfferEdit, 'value' | 'stored'>): readonly string[] {
  return [value, stored?.value ?? null].flatMap((offer) => (offer === null ? [] : sellsTheSame(offer)));
}
