import type { CatalogueFile } from '../../catalogue/file/cataloguePlan.ts';
import type { Offer } from '../../catalogue/offer.ts';
import { createOfferFinder } from '../../catalogue/offers/licencesUnder.ts';
import { MAX_BODY } from '../../contract/bodySize.ts';
import { groupItems } from './filePart.ts';
import type { FilePart } from './filePart.ts';

/** The entries of a file, as they stand there. */
export interface RawFile {
  readonly offers?: readonly unknown[];
  readonly licences?: readonly unknown[];
}

/** Octets: of the braces and names around the lists. */
const AROUND = 64;
const ROOM = MAX_BODY - AROUND;

const octetsOf = (entry: unknown) => Buffer.byteLength(JSON.stringify(entry)) + 1;

/** A file of licences alone. */
export function splitLicences({ licences = [] }: RawFile): readonly FilePart[] {
  return groupItems(licences, ROOM, octetsOf).map(({ from, items }) =>
    describePart('licences', from, { licences: items }, ['offers', 'licences']),
  );
}

/**
 * First the offers, then the licences, each part of which repeats the offers that its licences need: so each can be judged
 * before any is sent.
 *
 * @param file the same, read without a problem
 */
export function splitCatalogue({ offers = [], licences = [] }: RawFile, file: CatalogueFile): readonly FilePart[] {
  const offerParts = groupItems(offers, ROOM, octetsOf).map(({ from, items }) =>
    describePart('offers', from, { offers: items }, ['offers']),
  );
  const find = createOfferFinder(file.offers);
  const needed = file.licences.map(({ plan }) => {
    const match = find(plan);
    return match.found ? rawOffer(match.offer, offers, file) : null;
  });
  return [...offerParts, ...splitWithOffers(licences, needed)];
}

function rawOffer(offer: Offer, offers: readonly unknown[], file: CatalogueFile): unknown {
  return offers[file.offers.indexOf(offer)] ?? null;
}

interface Needing {
  readonly licence: unknown;
  readonly offer: unknown;
}

function splitWithOffers(licences: readonly unknown[], needed: readonly unknown[]): readonly FilePart[] {
  const pairs = licences.map((licence, index): Needing => ({ licence, offer: needed[index] ?? null }));
  let repeated = new Set<unknown>();
  const octetsOfPair = ({ licence, offer }: Needing, isFirst: boolean): number => {
    if (isFirst) repeated = new Set();
    const isNew = offer !== null && !repeated.has(offer);
    if (isNew) repeated.add(offer);
    return octetsOf(licence) + (isNew ? octetsOf(offer) : 0);
  };
  return groupItems(pairs, ROOM, octetsOfPair).map(({ from, items }) => {
    const offers = [...new Set(items.map(({ offer }) => offer).filter((offer) => offer !== null))];
    return describePart('licences', from, { offers, licences: items.map(({ licence }) => licence) }, ['licences']);
  });
}

function describePart(list: 'offers' | 'licences', from: number, value: RawFile, counts: FilePart['counts']): FilePart {
  return {
    ...{ text: JSON.stringify(value), mediaType: 'application/json', first: `${list}[${from}]`, counts },
    placed: (message) =>
      message.replace(new RegExp(`^( {2}${list}\\[)(\\d+)`, 'gm'), (_, before: string, index: string) => {
        return `${before}${Number(index) + from}`;
      }),
  };
}
