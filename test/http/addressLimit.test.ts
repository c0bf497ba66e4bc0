import { expect, test } from 'vitest';
import { createAddressLimit } from '../../src/http/addressLimit.ts';
import { readClientAddress } from '../../src/http/addressLimit.ts';
import { networkLimits } from '../../src/http/networkLimits.ts';

const AT = Date.UTC(2026, 10, 23, 12);

/** How many requests at once go on from an address, asked in turn of one limit. */
function createCounter(perSecond: number, networks = '') {
  const limit = createAddressLimit(perSecond, networks === '' ? [] : networkLimits.parse(networks));
  return (address: string, requests = 1_000) => {
    const client = readClientAddress(address, 0);
    return Array.from({ length: requests }, () => limit(client, AT)).filter((wait) => wait === 0).length;
  };
}

test('twenty a second are forty at once, and another address has its own', () => {
  const count = createCounter(20);
  expect([count('203.0.113.7'), count('203.0.113.7:443'), count('203.0.113.8')]).toEqual([40, 0, 40]);
});

test('all whose address is not known count as one', () => {
  const count = createCounter(20);
  expect([count('unknown'), count(''), count('203.0.113.7')]).toEqual([40, 0, 40]);
});

test('an IPv6 address counts by its /64', () => {
  const count = createCounter(20);
  expect([count('2001:db8:1:2::1'), count('[2001:db8:1:2:ffff::9]:443'), count('2001:db8:1:3::1')]).toEqual([
    40, 0, 40,
  ]);
});

test('the /64 of one /48 have eight times the limit between them', () => {
  const count = createCounter(20);
  const granted = Array.from({ length: 12 }, (_, index) => count(`2001:db8:1:${index.toString(16)}::1`, 100));
  expect(granted).toEqual([...new Array<number>(8).fill(40), 0, 0, 0, 0]);
  expect(count('2001:db8:2:1::1')).toBe(40);
});

test('what a /48 is refused does not count for the /64', () => {
  const limit = createAddressLimit(1, []);
  const take = (address: string, seconds: number) => limit(readClientAddress(address, 0), AT + seconds * 1_000);
  for (let index = 0; index < 8; index += 1)
    for (let times = 0; times < 2; times += 1) take(`2001:db8:1:${index}::1`, 0);
  expect([take('2001:db8:1:9::1', 0), take('2001:db8:1:9::1', 0)]).toEqual([1, 1]);
  // A second later the /48 has eight again, and the /64 has its two still.
  expect([take('2001:db8:1:9::1', 1), take('2001:db8:1:9::1', 1), take('2001:db8:1:9::1', 1)]).toEqual([0, 0, 1]);
});

test('each address of a known network has the limit of its own, and the longest prefix counts', () => {
  const count = createCounter(20, '203.0.0.0/16=1,203.0.113.0/24=100,203.0.113.9/32=5');
  expect(count('203.0.113.7')).toBe(200);
  expect(count('203.0.113.8')).toBe(200);
  expect(count('203.0.113.9')).toBe(10);
  expect(count('203.0.112.1')).toBe(2);
  expect(count('203.1.0.1')).toBe(40);
  expect(count('unknown')).toBe(40);
});

test('a known /48 has its limit for each /64, and eight times that in all', () => {
  const count = createCounter(20, '2001:db8:1::/48=50');
  const granted = Array.from({ length: 9 }, (_, index) => count(`2001:db8:1:${index}::1`));
  expect(granted).toEqual([...new Array<number>(8).fill(100), 0]);
});

test('a known part of a /48 counts by itself', () => {
  const count = createCounter(20, '2001:db8:1:2::/64=1000');
  expect(count('2001:db8:1:2::1', 3_000)).toBe(2_000);
  const others = Array.from({ length: 9 }, (_, index) => count(`2001:db8:1:1${index}::1`));
  expect(others).toEqual([...new Array<number>(8).fill(40), 0]);
});

/** Asks once from each of so many networks in turn; all of them in one wider one. */
function countNetworks(networks: number, address: (index: number) => string) {
  const limit = createAddressLimit(20, []);
  const waits = Array.from({ length: networks }, (_, index) => limit(readClientAddress(address(index), 0), AT));
  return waits.filter((wait) => wait === 0).length;
}

const hex = (value: number) => value.toString(16);

test('a /32 may do what 64 of its /64 may, however many /48 of it ask', () => {
  expect(countNetworks(65_536, (index) => `2001:db8:${hex(index)}::1`)).toBe(40 * 64);
});

test('a /29 may do what 128 of its /64 may, and so may any /24', () => {
  expect(countNetworks(40_000, (index) => `2a00:145${index % 8}:${hex(index >> 3)}::1`)).toBe(40 * 128);
  expect(countNetworks(40_000, (index) => `2a00:1${index % 2}50:${hex(index >> 1)}::1`)).toBe(2 * 40 * 64);
  expect(countNetworks(40_000, (index) => `2a00:14${hex(index % 256).padStart(2, '0')}:${hex(index >> 8)}::1`)).toBe(
    40 * 128,
  );
});

test('an address that asks alone has the same limit in whatever networks it is, and a known network its own', () => {
  expect(createCounter(20)('2001:db8:1:2::1')).toBe(40);
  const count = createCounter(20, '2001:db8::/32=50');
  const granted = Array.from({ length: 100 }, (_, index) => count(`2001:db8:${hex(index)}::1`, 200));
  expect(granted).toEqual([...new Array<number>(64).fill(100), ...new Array<number>(36).fill(0)]);
});

test('a flood from a wide network makes no count of others forgotten', () => {
  const limit = createAddressLimit(1, []);
  const take = (address: string) => limit(readClientAddress(address, 0), AT);
  const others = ['203.0.113.7', '2001:db8:1:1::1', 'unknown'];
  for (const address of others) for (let times = 0; times < 2; times += 1) take(address);
  for (let index = 0; index < 50_000; index += 1) take(`2a00:1450:${hex(index)}::1`);
  expect(others.map(take)).toEqual([1, 1, 1]);
});
