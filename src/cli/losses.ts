import { formatInstant } from '../contract/instants.ts';
import type { CatalogueFile } from '../catalogue/file/cataloguePlan.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import { formatPlanName } from '../contract/planName.ts';
import { printable } from './printable.ts';
import { cell } from './table.ts';

/*
 * What a change takes from VMs that run, or could run. It is shown before the change. Terms are the members of licences and
 * offers as the service writes them; a member that is absent is not changed.
 */

export type Terms = Readonly<Record<string, unknown>>;

/** Each as `seats from 20 to 5`. */
export function findLosses(old: Terms, terms: Terms): readonly string[] {
  return Object.entries(terms)
    .filter(([name, value]) => isLess(name, old[name], value))
    .map(([name, value]) => `${name} from ${cell(old[name])} to ${cell(value)}`);
}

/** Whether fewer VMs may run, or for less long. */
function isLess(name: string, old: unknown, value: unknown): boolean {
  switch (name) {
    case 'status':
      return old === 'active' && value !== 'active';
    case 'seats':
      return value !== 'unlimited' && (old === 'unlimited' || Number(value) < Number(old));
    case 'validUntil':
      return typeof value === 'string' && (typeof old !== 'string' || Date.parse(value) < Date.parse(old));
    case 'validFrom':
      return typeof value === 'string' && (typeof old !== 'string' || Date.parse(value) > Date.parse(old));
    case 'skus':
    case 'vmIds':
    case 'clouds':
      return Array.isArray(value) && !(Array.isArray(old) && old.every((one) => value.includes(one)));
    default:
      return false;
  }
}

/** What is there before a file is written, as the service answers it. */
export interface StoredCatalogue {
  readonly offers?: readonly Terms[];
  readonly licences?: readonly Terms[];
}

const MAX_TOLD = 20;

/** @returns null where the file takes nothing from anybody */
export function describeFileLosses(stored: StoredCatalogue, file: CatalogueFile): string | null {
  const old = new Map([...(stored.offers ?? []), ...(stored.licences ?? [])].map((terms) => [keyOf(terms), terms]));
  const changes = [
    ...file.offers.map((offer) => ({ name: formatPlanName(offer.plan), terms: offerTerms(offer) })),
    ...file.licences.map((licence) => ({
      name: licence.id,
      terms: licenceTerms(licence, file.kept?.get(licence) ?? []),
    })),
  ];
  const lines = changes.flatMap(({ name, terms }) => {
    const losses = findLosses(old.get(keyOf(terms)) ?? terms, terms);
    return losses.length === 0 ? [] : [`\n  ${printable(name)}: ${losses.join(', ')}`];
  });
  if (lines.length === 0) return null;
  const more = lines.length > MAX_TOLD ? `\n  and ${lines.length - MAX_TOLD} more` : '';
  return `VMs that these changes leave out get no new licence:${lines.slice(0, MAX_TOLD).join('')}${more}`;
}

/** The same of rows of the store itself. */
export function toStoredCatalogue({ offers, licences }: Pick<CatalogueFile, 'offers' | 'licences'>): StoredCatalogue {
  return { offers: offers.map(offerTerms), licences: licences.map((licence) => licenceTerms(licence, [])) };
}

/** There is one offer for a plan, and one licence for a subscription and plan; names are compared in any case. */
function keyOf({ cloud, subscription, offer }: Terms): string {
  return JSON.stringify([cloud, subscription, offer]).toLowerCase();
}

function offerTerms({ plan, mode, status, seats, skus, clouds }: Offer): Terms {
  return { offer: formatPlanName(plan), status, skus, clouds, ...(mode === 'marketplace' && { seats }) };
}

/** @param kept what the file does not say */
function licenceTerms(licence: Licence, kept: readonly string[]): Terms {
  const { cloud, subscriptionId: subscription, plan, validFrom, validUntil, status, seats, skus, vmIds } = licence;
  const times = { validFrom: formatNullable(validFrom), validUntil: formatNullable(validUntil) };
  const terms = { status, seats, skus, vmIds, ...times };
  const said = Object.entries(terms).filter(([name]) => !kept.includes(name));
  return { cloud, subscription, offer: formatPlanName(plan), ...Object.fromEntries(said) };
}

function formatNullable(instant: number | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
