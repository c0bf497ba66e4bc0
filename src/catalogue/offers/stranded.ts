import { createOfferFinder } from './licencesUnder.ts';
import { offerKey } from './offerNames.ts';
import type { OfferMatch } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { mayStrand } from './offerList.ts';
import type { OfferEdit } from './offerList.ts';

type Edit = Pick<OfferEdit, 'value' | 'stored'>;

/** An edit, and the licences that it would leave without their offer, or under one where they have no effect. */
export interface Stranded {
  readonly index: number;
  readonly licences: readonly Licence[];
}

/**
 * What licences stand in the way of edits. A licence that is without effect already is no concern of an edit that does not
 * touch its names.
 *
 * @param offers all of them, as they are
 */
export function findStranded(
  edits: readonly Edit[],
  offers: readonly Offer[],
  licences: readonly Licence[],
): readonly Stranded[] {
  if (!edits.some(mayStrand)) return [];
  const [before, after] = [createOfferFinder(offers), createOfferFinder(applyEdits(offers, edits))];
  const groups = new Map<number, Licence[]>();
  for (const licence of licences) {
    const index = findCause(edits, before(licence.plan), after(licence.plan));
    if (index === -1) continue;
    const group = groups.get(index);
    if (group === undefined) groups.set(index, [licence]);
    else group.push(licence);
  }
  return [...groups].map(([index, stranded]) => ({ index, licences: stranded }));
}

function applyEdits(offers: readonly Offer[], edits: readonly Edit[]): readonly Offer[] {
  const written = edits.flatMap(({ value }) => value ?? []);
  const touched = new Set(edits.flatMap(({ value, stored }) => [value, stored?.value ?? null]).flatMap(keyOf));
  return [...offers.filter((offer) => !touched.has(offerKey(offer))), ...written];
}

const keyOf = (offer: Offer | null): readonly string[] => (offer === null ? [] : [offerKey(offer)]);

/** The index of the edit by which a licence would lose its offer, -1 where none does. */
function findCause(edits: readonly Edit[], was: OfferMatch, is: OfferMatch): number {
  const isOf = (offer: Offer | null | undefined, match: OfferMatch) =>
    match.found && offer !== null && offer !== undefined && offerKey(offer) === offerKey(match.offer);
  const leaving = edits.findIndex((edit) => mayStrand(edit) && isOf(edit.stored?.value, was));
  // Another offer might do for it, but it was agreed under this one.
  if (edits[leaving]?.value === null) return leaving;
  if (is.found && is.offer.mode === 'licensed') return -1;
  const coming = edits.findIndex((edit) => mayStrand(edit) && isOf(edit.value, is));
  return coming === -1 ? leaving : coming;
}
