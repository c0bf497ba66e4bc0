import { expect, test } from 'vitest';
import { readClientAddress } from '../../src/http/addressLimit.ts';

const read = (header: string | null, proxies = 0) => readClientAddress(header, proxies);

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:51234', '203.0.113.7'],
  ['  203.0.113.7:51234  ', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
])('%j is the IPv4 address %s', (header, address) => {
  expect(read(header)).toEqual({ family: 'ipv4', address });
});

test.each([
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
  ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2:3:4:5:6'],
  ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2:3:4:5:6'],
  ['2001:DB8:0001:0002::1', '2001:db8:1:2:0:0:0:1'],
  ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1:2:3:4:5'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['[::]:1', '0:0:0:0:0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0:0:0:cb00:7107'],
  ['::1:2:3:4:5:203.0.113.7', '0:1:2:3:4:5:cb00:7107'],
])('%j is the IPv6 address %s', (header, address) => {
  expect(read(header)).toEqual({ family: 'ipv6', address });
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
  expect(read(header)).toBeNull();
});

const CHAIN = '6.6.6.6, 198.51.100.1:9, 203.0.113.7:1';

test.each([
  [0, '203.0.113.7'],
  [1, '198.51.100.1'],
  [2, '6.6.6.6'],
  [3, undefined],
  [10, undefined],
])('behind %i proxies of one’s own the address stands that many entries before the last', (proxies, address) => {
  expect(read(CHAIN, proxies)?.address).toBe(address);
});

test('whatever the caller writes before, the platform’s entry counts', () => {
  for (const forged of ['1.1.1.1', '1.1.1.1, 2.2.2.2', ',,,', '"', '\u0000', 'x'.repeat(10_000)]) {
    expect(read(`${forged}, 203.0.113.7:1`)?.address).toBe('203.0.113.7');
  }
});
