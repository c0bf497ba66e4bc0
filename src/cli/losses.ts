import type { LicenceJson } from '../contract/operators/licence.ts';
import type { OfferJson } from '../contract/operators/offer.ts';
import { cell } from './table.ts';

/*
 * What a change takes from VMs that run, or could run. It is shown before the change. Terms are members of licences and
 * offers as answers have them; a member that is absent is not changed.
 */

export type Terms = Readonly<Partial<Record<keyof LicenceJson | keyof OfferJson, unknown>>>;

/** Each as `seats from 20 to 5`. */
export function findLosses(old: Terms, terms: Terms): readonly string[] {
  const before = new Map<string, unknown>(Object.entries(old));
  return Object.entries(terms)
    .filter(([name, value]) => isLess(name, before.get(name), value))
    .map(([name, value]) => `${name} from ${cell(before.get(name))} to ${cell(value)}`);
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
