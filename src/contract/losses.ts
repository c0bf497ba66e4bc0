/* What a change takes from VMs that run, or could run. */

export interface ChangedMember {
  readonly old: unknown;
  readonly value: unknown;
  /** As they are after the change: a share of them is a number of VMs. */
  readonly seats: unknown;
}

/** Whether fewer VMs may run, or for less long, after a member of a licence or of an offer has changed. */
export function isLoss(name: string, { old, value, seats }: ChangedMember): boolean {
  if (name === 'overage') return amountOf(value, seats) < amountOf(old, seats);
  return isLess(name, old, value);
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
