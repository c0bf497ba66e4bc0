import { expect, test } from 'vitest';
import { readClientAddress } from '../../src/service/clientAddress.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:51234', '203.0.113.7'],
  ['  203.0.113.7:51234  ', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['[::]:1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['::1:2:3:4:5:203.0.113.7', '0:1:2:3::/64'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
])('%j counts as %s', (header, address) => {
  expect(readClientAddress(header, 0)).toBe(address);
});

test.each([
  null,
  '',
  ',',
  'unknown',
  'localhost:80',
  '203.0.113',
  '203.0.113.256',
  '203.0.113.7:port',
  '203.0.113.7:80:80',
  '[203.0.113.7',
  '[2001:db8::1]:port',
  '2001:db8::1::2',
  '_hidden',
  'for=203.0.113.7',
  '203.0.113.7,',
])('%j is of nobody known', (header) => {
  expect(readClientAddress(header, 0)).toBe('unknown');
});

const CHAIN = '6.6.6.6, 198.51.100.1:9, 203.0.113.7:1';

test.each([
  [0, '203.0.113.7'],
  [1, '198.51.100.1'],
  [2, '6.6.6.6'],
  [3, 'unknown'],
  [10, 'unknown'],
])('behind %i proxies of one’s own the address stands that many entries before the last', (proxies, address) => {
  expect(readClientAddress(CHAIN, proxies)).toBe(address);
});

test('whatever the caller writes before, the platform’s entry counts', () => {
  for (const forged of ['1.1.1.1', '1.1.1.1, 2.2.2.2', ',,,', '"', '\u0000', 'x'.repeat(10_000)]) {
    expect(readClientAddress(`${forged}, 203.0.113.7:1`, 0)).toBe('203.0.113.7');
  }
});

test('all addresses of one /64 count as one, and the next /64 as another', () => {
  const of = (address: string) => readClientAddress(address, 0);
  expect(of('[2001:db8:1:2::1]:1')).toBe(of('2001:db8:1:2:ffff:ffff:ffff:ffff'));
  expect(of('2001:db8:1:3::1')).not.toBe(of('2001:db8:1:2::1'));
});
