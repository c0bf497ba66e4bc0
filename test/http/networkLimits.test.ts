import { expect, test } from 'vitest';
import { networkLimits } from '../../src/http/networkLimits.ts';

test('networks of both families, with spaces or without', () => {
  expect(networkLimits.parse('203.0.113.0/24=200, 2001:db8:1::/48=50,198.51.100.7/32=1')).toEqual(
    [
      { address: '203.0.113.0', family: 'ipv4', prefix: 24, perSecond: 200 },
      { address: '2001:db8:1::', family: 'ipv6', prefix: 48, perSecond: 50 },
      { address: '198.51.100.7', family: 'ipv4', prefix: 32, perSecond: 1 },
    ].map((expected) => expect.objectContaining(expected) as object),
  );
});

test.each([
  ['0.0.0.0/0=30', '198.51.100.9', true],
  ['203.0.113.0/24=30', '203.0.113.255', true],
  ['203.0.113.0/24=30', '203.0.114.0', false],
  ['203.0.113.77/24=30', '203.0.113.1', true],
  ['203.0.113.7/32=30', '203.0.113.7', true],
  ['203.0.113.7/32=30', '203.0.113.8', false],
  ['::/0=30', '203.0.113.7', false],
  ['::ffff:0:0/64=30', '203.0.113.7', false],
])('%s contains the IPv4 address %s: %s', (text, address, contains) => {
  expect(networkLimits.parse(text)[0]?.contains({ family: 'ipv4', address })).toBe(contains);
});

test.each([
  ['::/0=30', '2001:db8:1:2:0:0:0:1', true],
  ['2001:db8::/32=30', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
  ['2001:DB8:1:2::/64=30', '2001:db8:1:2:3:4:5:6', true],
  ['2001:db8:1:2::/64=30', '2001:db8:1:3:0:0:0:0', false],
  ['0.0.0.0/0=30', '2001:db8:1:2:0:0:0:1', false],
])('%s contains the IPv6 address %s: %s', (text, address, contains) => {
  expect(networkLimits.parse(text)[0]?.contains({ family: 'ipv6', address })).toBe(contains);
});

const NO_ENTRY = 'entry 1 must be CIDR=REQUESTS_PER_SECOND, such as 203.0.113.0/24=200';

test.each([
  ['203.0.113.0/24', NO_ENTRY],
  ['203.0.113.7=200', NO_ENTRY],
  ['=200', NO_ENTRY],
  ['203.0.113.0/24=', NO_ENTRY],
  ['203.0.113.0/24=2.5', NO_ENTRY],
  ['203.0.113.0/24=-1', NO_ENTRY],
  ['203.0.113.0/24=1e3', NO_ENTRY],
  ['203.0.113.0/=20', NO_ENTRY],
  ['203.0.113.0/24/24=20', NO_ENTRY],
  ['203.0.113/24=20', NO_ENTRY],
  ['203.0.113.256/24=20', NO_ENTRY],
  ['vendor.example/24=20', NO_ENTRY],
  ['fe80::%eth0/64=20', NO_ENTRY],
  ['2001:db8::1::/48=20', NO_ENTRY],
  ['203.0.113.0/24=200,', NO_ENTRY.replace('1', '2')],
  ['203.0.113.0/24=200;198.51.100.0/24=20', NO_ENTRY],
  ['203.0.113.0/33=20', 'entry 1 must have a prefix of at most /32'],
  ['2001:db8::/65=20', 'entry 1 must have a prefix of at most /64'],
  ['::ffff:203.0.113.0/120=20', 'entry 1 must have a prefix of at most /64'],
  ['203.0.113.0/24=0', 'entry 1 must have a rate from 1 to 100000'],
  ['203.0.113.0/24=100001', 'entry 1 must have a rate from 1 to 100000'],
  ['203.0.113.0/24=20,203.0.113.9/24=30', 'entries 1 and 2 name the same network: remove one of them'],
  ['2001:db8::/48=20,2001:DB8:0::1/48=20', 'entries 1 and 2 name the same network: remove one of them'],
])('%j cannot be used: %s', (text, problem) => {
  const { success, error } = networkLimits.safeParse(text);
  expect(success).toBe(false);
  expect(error?.issues.map(({ message }) => message)).toEqual([problem]);
});

test('the problem says which entry it is, and repeats nothing of it', () => {
  const text = '203.0.113.0/24=200, 198.51.100.0/24=20, c2VjcmV0';
  expect(networkLimits.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
    NO_ENTRY.replace('1', '3'),
  ]);
});

test('there may be a hundred networks, and not one more', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, index) => `10.0.${index}.0/24=20`).join(',');
  expect(networkLimits.parse(entries(100))).toHaveLength(100);
  expect(networkLimits.safeParse(entries(101)).error?.issues[0]?.message).toBe('must have at most 100 entries');
});
