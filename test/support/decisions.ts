import fc from './properties.ts';
import { expect } from 'vitest';

import { GRANT_CODES } from '../../src/contract/codes.ts';
import type { Page, PageRequest } from '../../src/contract/stored.ts';
import { createDecisionId } from '../../src/decisions/decisionRecord.ts';
import type { DecisionFilter, DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import { AT, attestation, DAY, HOUR, SUBSCRIPTION, VM_ID, vmId } from './licensing.ts';

export function decision(changed: Partial<DecisionRecord> = {}): DecisionRecord {
  const { cloud, region, sku, plan } = attestation();
  const at = changed.at ?? AT;
  return {
    id: createDecisionId(at),
    at,
    code: 'licence_issued',
    ...{ cloud, region, sku, plan },
    subscriptionId: SUBSCRIPTION,
    vmId: VM_ID,
    claimedOffer: null,
    offer: 'contoso/firewall/pro',
    licenceId: 'fabrikam-2026',
    checks: [{ name: 'size', outcome: 'passed' }],
    ...changed,
  };
}

const CLOUDS = ['AzurePublicCloud', 'AzureChinaCloud'] as const;
const GRANTS: readonly string[] = GRANT_CODES;
const CODES = ['licence_issued', 'seats_exhausted', 'key_changed'] as const;
const LICENCES = ['fabrikam-2026', 'northwind'] as const;
const SUBSCRIPTIONS = [SUBSCRIPTION, vmId(90)] as const;
const VMS = [VM_ID, vmId(2), vmId(3)] as const;

/** Times that lie close together, often in the same hour or millisecond, on three days. */
const times = fc
  .tuple(fc.integer({ min: -1, max: 1 }), fc.constantFrom(0, HOUR - 1, HOUR, 11 * HOUR), fc.integer({ min: 0, max: 9 }))
  .map(([day, hour, milliseconds]) => AT + day * DAY + hour + milliseconds);

/** Decisions of few clouds, subscriptions and VMs. */
export const decisions = (count: number) =>
  fc.array(
    fc
      .record({
        at: times,
        cloud: fc.constantFrom(...CLOUDS),
        subscriptionId: fc.constantFrom(...SUBSCRIPTIONS),
        vmId: fc.constantFrom(...VMS),
        code: fc.constantFrom(...CODES),
        licenceId: fc.constantFrom(...LICENCES, null),
      })
      .map(decision),
    { minLength: count, maxLength: count },
  );

export const filters: fc.Arbitrary<DecisionFilter> = fc.record(
  {
    cloud: fc.constantFrom(...CLOUDS),
    subscriptionId: fc.constantFrom(...SUBSCRIPTIONS),
    vmId: fc.constantFrom(...VMS),
    code: fc.constantFrom(...CODES),
    licenceId: fc.constantFrom(...LICENCES),
    isRefused: fc.constant(true),
    from: times,
    until: times,
  },
  { requiredKeys: [] },
);

/** What a list must be: all that the filter lets through, the newest first; of one millisecond, by the rest of the id. */
export function expectedList(all: readonly DecisionRecord[], filter: DecisionFilter): readonly DecisionRecord[] {
  const { from = 0, until = Number.POSITIVE_INFINITY, isRefused, ...named } = filter;
  return all
    .filter((one) => one.at >= from && one.at < until)
    .filter((one) => isRefused === undefined || !GRANTS.includes(one.code))
    .filter((one) => Object.entries(named).every(([name, value]) => one[name as keyof typeof named] === value))
    .toSorted((left, right) => right.at - left.at || (left.id < right.id ? -1 : 1));
}

/** All pages of a list, each of at most `size` rows. */
export async function readAll<T>(read: (page: PageRequest) => Promise<Page<T>>, size: number): Promise<T[]> {
  const items: T[] = [];
  let continuation: string | undefined;
  do {
    const page = await read({ size, continuation });
    expect(page.items.length).toBeLessThanOrEqual(size);
    items.push(...page.items);
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return items;
}
