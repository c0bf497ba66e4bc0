import { expect, test } from 'vitest';
import { createAuthenticLimit } from '../../src/vm/authenticLimit.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const limitsOf = (perSecond: number, perMinute: number) =>
  createAuthenticLimit({ subscriptionPerSecond: perSecond, vmPerMinute: perMinute });
const vm = (number: number, changed: object = {}) => ({
  ...{ cloud: 'AzurePublicCloud', subscriptionId: 'one', vmId: `vm-${number}`, sku: 'Gen2' },
  ...changed,
});

test('a VM may ask ten times at once, then every six seconds, and is told when', () => {
  const limit = limitsOf(100, 10);
  const waits = Array.from({ length: 12 }, () => limit(vm(1), AT));
  expect(waits).toEqual([...new Array<number>(10).fill(0), 6, 6]);
  expect(limit(vm(1), AT + 5_000)).toBe(1);
  expect([limit(vm(1), AT + 6_000), limit(vm(1), AT + 6_000)]).toEqual([0, 6]);
});

test('the VMs of a subscription share its limit, and those that are refused queue up', () => {
  const limit = limitsOf(10, 10);
  const waits = Array.from({ length: 45 }, (_, number) => limit(vm(number), AT));
  expect(waits).toEqual(Array.from({ length: 45 }, (_, number) => (number < 20 ? 0 : Math.ceil((number - 19) / 10))));
  expect(limit(vm(1, { subscriptionId: 'two' }), AT)).toBe(0);
  expect(limit(vm(1, { cloud: 'AzureChinaCloud' }), AT)).toBe(0);
});

test('what a VM is refused does not count for its subscription, nor the other way round', () => {
  const limit = limitsOf(10, 10);
  for (let times = 0; times < 500; times += 1) limit(vm(1), AT);
  const neighbours = Array.from({ length: 11 }, (_, number) => limit(vm(2 + number), AT));
  expect(neighbours).toEqual([...new Array<number>(10).fill(0), 1]);
  // The last one was refused for its subscription's sake alone, and has its ten left.
  const later = Array.from({ length: 10 }, () => limit(vm(12), AT + 1_000));
  expect(later).toEqual(new Array<number>(10).fill(0));
});
