import type { CatalogueFile } from '../catalogue/file/cataloguePlan.ts';
import { writeLicence } from '../contract/operators/licence.ts';
import { writeOffer } from '../contract/operators/offer.ts';
import { formatPlanName } from '../contract/planName.ts';
import { findLosses } from './losses.ts';
import type { Terms } from './losses.ts';
import type { Answers } from './operatorAnswers.ts';
import { printable } from './printable.ts';

const MAX_TOLD = 20;

/** @returns null where the file takes nothing from anybody */
export function describeFileLosses(
  stored: Answers['Catalogue'],
  { offers, licences, kept }: CatalogueFile,
): string | null {
  const old = new Map<string, Terms>([...stored.offers, ...stored.licences].map((terms) => [keyOf(terms), terms]));
  const changes = [
    ...offers.map((offer) => ({ name: formatPlanName(offer.plan), terms: writeOffer(offer), left: [] })),
    ...licences.map((licence) => ({
      name: licence.id,
      terms: writeLicence(licence),
      left: kept?.get(licence) ?? [],
    })),
  ];
  const lines = changes.flatMap(({ name, terms, left }) => {
    const losses = findLosses(old.get(keyOf(terms)) ?? terms, without(terms, left));
    return losses.length === 0 ? [] : [`\n  ${printable(name)}: ${losses.join(', ')}`];
  });
  if (lines.length === 0) return null;
  const more = lines.length > MAX_TOLD ? `\n  and ${lines.length - MAX_TOLD} more` : '';
  return `VMs that these changes leave out get no new licence:${lines.slice(0, MAX_TOLD).join('')}${more}`;
}

/** An offer is known by its plan, a licence by its id; names are compared in any case. */
function keyOf({ id, offer }: Terms): string {
  return JSON.stringify(id === undefined ? { offer } : { id }).toLowerCase();
}

/** @param left what the file does not say, and what therefore stays */
function without(terms: Terms, left: readonly string[]): Terms {
  return Object.fromEntries(Object.entries(terms).filter(([name]) => !left.includes(name)));
}
