import { expect, test } from 'vitest';
import type { LicenceJson } from '../../src/contract/operators/licence.ts';
import { changeSubscriptions } from '../../src/cli/subscriptions.ts';

/** Which subscription of a licence is meant, where an id is in two clouds. */

const TWICE = '11111111-0000-4000-8000-000000000001';
const ONCE = '11111111-0000-4000-8000-000000000002';
const UNTIL = '2027-01-01T00:00:00.000Z';
const list = [
  { cloud: 'AzureChinaCloud', subscription: TWICE, until: null },
  { cloud: 'AzurePublicCloud', subscription: TWICE, until: null },
  { cloud: 'AzureChinaCloud', subscription: ONCE, until: null },
];
const licence = { subscriptions: list } as unknown as LicenceJson;

function remove(subscription: string, { own = null, cloud }: { own?: string | null; cloud?: string } = {}) {
  const removed = [{ cloud: own, subscription }];
  const { subscriptions } = changeSubscriptions(licence, { added: [], removed, ended: [], cloud });
  return list.filter(
    (one) =>
      !(subscriptions as typeof list).some(
        (left) => left.subscription === one.subscription && left.cloud === one.cloud,
      ),
  );
}

test('an id that is in two clouds must be named with its cloud', () => {
  expect(remove(TWICE, { cloud: 'AzurePublicCloud' })).toEqual([list[1]]);
  expect(remove(TWICE, { cloud: 'AzureChinaCloud' })).toEqual([list[0]]);
  expect(remove(TWICE, { own: 'AzureChinaCloud', cloud: 'AzurePublicCloud' })).toEqual([list[0]]);
  expect(() => remove(TWICE)).toThrow(
    `several clouds. Name one of AzureChinaCloud:${TWICE}, AzurePublicCloud:${TWICE}`,
  );
});

test('an id that is in one cloud needs none, and a wrong one is refused', () => {
  expect(remove(ONCE)).toEqual([list[2]]);
  expect(() => remove(ONCE, { cloud: 'AzurePublicCloud' })).toThrow(`${ONCE} in AzurePublicCloud`);
});

test('the one that ends is found in the same way', () => {
  const end = (cloud: string | undefined) =>
    changeSubscriptions(licence, {
      ...{ added: [], removed: [], cloud },
      ended: [{ cloud: null, subscription: TWICE, until: UNTIL }],
    }).subscriptions;
  expect(end('AzurePublicCloud')).toEqual([list[0], { ...list[1], until: UNTIL }, list[2]]);
  expect(() => end(undefined)).toThrow('several clouds');
});
