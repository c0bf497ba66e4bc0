import fc from './properties.ts';

import type { ChangeFilter, ChangeRecord } from '../../src/decisions/changes.ts';
import { createDecisionId } from '../../src/decisions/decisionRecord.ts';
import { AT, DAY, HOUR, SUBSCRIPTION } from './licensing.ts';

export function change(changed: Partial<ChangeRecord> = {}): ChangeRecord {
  const at = changed.at ?? AT;
  const id = createDecisionId(at);
  return {
    ...{ id, request: id, at, by: 'ada', byName: 'Ada Lovelace', operation: 'putLicence', kind: 'licence' },
    ...{ key: 'fabrikam-2026', old: { seats: 3 }, new: { seats: 4 }, partial: false, reason: 'grown' },
    ...{ state: 'done', version: 'v1', of: null },
    ...changed,
  };
}

const times = fc
  .tuple(fc.integer({ min: -1, max: 1 }), fc.constantFrom(0, HOUR, 11 * HOUR), fc.integer({ min: 0, max: 9 }))
  .map(([day, hour, milliseconds]) => AT + day * DAY + hour + milliseconds);

const KINDS = ['licence', 'offer'] as const;
const KEYS = ['one', 'contoso/gateway/*'] as const;
const OPERATORS = ['ada', 'grace'] as const;
const OF = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION } as const;

/** Changes of few objects by few operators. */
export const changes = (count: number) =>
  fc.array(
    fc
      .record({
        at: times,
        kind: fc.constantFrom(...KINDS),
        key: fc.constantFrom(...KEYS),
        by: fc.constantFrom(...OPERATORS),
        of: fc.constantFrom(OF, null),
      })
      .map(change),
    { minLength: count, maxLength: count },
  );

export const changeFilters: fc.Arbitrary<ChangeFilter> = fc
  .record(
    {
      kind: fc.constantFrom(...KINDS),
      key: fc.constantFrom(...KEYS),
      by: fc.constantFrom(...OPERATORS),
      from: times,
      until: times,
    },
    { requiredKeys: [] },
  )
  .map(({ key, ...filter }) => ({ ...filter, ...(filter.kind !== undefined && { key }) }));

/** What a list must be: all that the filter lets through, the newest first; of one millisecond, by the rest of the id. */
export function expectedChanges(all: readonly ChangeRecord[], filter: ChangeFilter): readonly ChangeRecord[] {
  const { from = 0, until = Number.POSITIVE_INFINITY, ...named } = filter;
  return all
    .filter((one) => one.at >= from && one.at < until)
    .filter((one) =>
      Object.entries(named).every(([name, value]) => value === undefined || one[name as keyof typeof named] === value),
    )
    .toSorted((left, right) => right.at - left.at || (left.id < right.id ? -1 : 1));
}
