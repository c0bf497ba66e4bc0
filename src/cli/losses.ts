import type { LicenceJson } from '../contract/operators/licence.ts';
import type { OfferJson } from '../contract/operators/offer.ts';
import { printable } from './printable.ts';
import { findLostSubscriptions } from './subscriptions.ts';
import { cell } from './table.ts';

/*
 * What a change takes from VMs that run, or could run. It is shown before the change. Terms are members of licences and
 * offers as answers have them; a member that is absent is not changed.
 */

export type Terms = Readonly<Partial<Record<keyof LicenceJson | keyof OfferJson, unknown>>>;

/** Each as `seats from 20 to 5`. */
export function findLosses(old: Terms, terms: Terms): readonly string[] {
  const before = new Map<string, unknown>(Object.entries(old));
  const seats = terms.seats ?? old.seats;
  const less = Object.entries(terms)
    .filter(
      ([name, value]) => isLess(name, before.get(name), value) || isLowerOverage(name, before.get(name), value, seats),
    )
    .map(([name, value]) => `${name} from ${cell(before.get(name))} to ${cell(value)}`);
  const lost = hasScope(terms) ? findLostSubscriptions(old as LicenceJson, terms as LicenceJson) : [];
  return lost.length === 0
    ? less
    : [...less, `subscriptions, without or with an end for ${lost.map(printable).join(', ')}`];
}

function hasScope(terms: Terms): boolean {
  return terms.cloud !== undefined || terms.subscriptions !== undefined;
}

function isLowerOverage(name: string, old: unknown, value: unknown, seats: unknown): boolean {
  return name === 'overage' && amountOf(value, seats) < amountOf(old, seats);
}

/** A trial that was begun lasts; who has none yet gets less. */
function isShorterTrial(old: unknown, value: unknown): boolean {
  if (typeof old !== 'object' || old === null) return false;
  if (typeof value !== 'object' || value === null) return true;
  const [before, after] = [old, value] as readonly { readonly days?: unknown; readonly seats?: unknown }[];
  return Number(after?.days) < Number(before?.days) || isLess('seats', before?.seats, after?.seats);
}

/** How many VMs an overage is. */
function amountOf(overage: unknown, seats: unknown): number {
  if (overage === 'unlimited') return Number.POSITIVE_INFINITY;
  if (typeof overage === 'number') return overage;
  return typeof overage === 'string' && typeof seats === 'number' ? (seats * Number.parseInt(overage, 10)) / 100 : 0;
}

/** Whether fewer VMs may run, or for less long. */
function isLess(name: string, old: unknown, value: unknown): boolean {
  switch (name) {
    case 'status':
      return old === 'active' && value !== 'active';
    case 'seats':
      return value !== 'unlimited' && (old === 'unlimited' || Number(value) < Number(old));
    case 'trial':
      return isShorterTrial(old, value);
    case 'onForeignPlan':
      return old === 'none' && value === 'refuse';
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
