import type { LicenceJson } from '../contract/operators/licence.ts';
import type { OfferJson } from '../contract/operators/offer.ts';
import { isLoss } from '../contract/losses.ts';
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
    .filter(([name, value]) => isLoss(name, { old: before.get(name), value, seats }))
    .map(([name, value]) => `${name} from ${cell(before.get(name))} to ${cell(value)}`);
  const lost = hasScope(terms) ? findLostSubscriptions(old as LicenceJson, terms as LicenceJson) : [];
  return lost.length === 0
    ? less
    : [...less, `subscriptions, without or with an end for ${lost.map(printable).join(', ')}`];
}

function hasScope(terms: Terms): boolean {
  return terms.cloud !== undefined || terms.subscriptions !== undefined;
}
