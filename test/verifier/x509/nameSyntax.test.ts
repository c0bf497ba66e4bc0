import { expect, test } from 'vitest';
import {
  findUriHost,
  isHost,
  isWellFormedName,
  parseMailbox,
  writeBits,
} from '../../../src/verifier/x509/nameSyntax.ts';

const LABEL = 'a'.repeat(63);

test.each([
  'a',
  'a.example',
  '1.2.3.4',
  'xn--a-b.example',
  'a_b.example',
  `${LABEL}.example`,
  Array(4).fill('a'.repeat(62)).join('.'),
])('%s is a host', (text) => {
  expect(isHost(text)).toBe(true);
});

test.each([
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  '-a.example',
  'a-.example',
  'A.example',
  'a b',
  'a\0b',
  '*.example',
  'é.example',
  'a.example\n',
  `${LABEL}a.example`,
  Array(5).fill(LABEL).join('.'),
])('%j is no host', (text) => {
  expect(isHost(text)).toBe(false);
});

test.each([
  ['a@b.example', 'a', 'b.example'],
  ['A.b@B.Example', 'A.b', 'b.example'],
  ['*@b.example', '*', 'b.example'],
  ['"a@b"@c.example', '"a@b"', 'c.example'],
  [String.raw`"a\"b"@c.example`, String.raw`"a\"b"`, 'c.example'],
])('%s is a mailbox', (text, local, host) => {
  expect(parseMailbox(text)).toEqual({ local, host });
});

test.each([
  '',
  'a',
  '@b.example',
  'a@',
  'a@b@c.example',
  'a b@c.example',
  'a@b c',
  '"a@c.example',
  'a@.b',
  `${'a'.repeat(65)}@b.c`,
])('%j is no mailbox', (text) => {
  expect(parseMailbox(text)).toBeNull();
});

test.each([
  ['https://A.Example/path', 'a.example'],
  ['ldap://user:pw@a.example:389/x', 'a.example'],
  ['x-y+z.1://a.example', 'a.example'],
  ['https://a.example?x', 'a.example'],
  ['https://a.example#x', 'a.example'],
])('the host of %s', (text, host) => {
  expect(findUriHost(text)).toBe(host);
});

test.each([
  'urn:a.example',
  '//a.example/',
  'https:///x',
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://a..b/',
  'https://a.example:port/',
  `https://a.example/${'x'.repeat(2048)}`,
])('%s has no host', (text) => {
  expect(findUriHost(text)).toBeNull();
});

test.each([
  [{ type: 'dns', text: 'A.example' }],
  [{ type: 'dns', text: '*.a.example' }],
  [{ type: 'dns', text: 'localhost' }],
  [{ type: 'email', text: 'a@b.example' }],
  [{ type: 'uri', text: 'urn:a' }],
  [{ type: 'ip', octets: new Uint8Array(4) }],
  [{ type: 'ip', octets: new Uint8Array(16) }],
  [{ type: 'directory', name: [] }],
  [{ type: 'other', tag: 0xa0 }],
] as const)('the form of %j is right', (name) => {
  expect(isWellFormedName(name)).toBe(true);
});

test.each([
  [{ type: 'dns', text: '' }],
  [{ type: 'dns', text: ' ' }],
  [{ type: 'dns', text: '*' }],
  [{ type: 'dns', text: 'a.*.example' }],
  [{ type: 'dns', text: 'a*.example' }],
  [{ type: 'dns', text: '*.*.example' }],
  [{ type: 'dns', text: 'a_b.example' }],
  [{ type: 'dns', text: 'a.example.' }],
  [{ type: 'dns', text: 'a.example\0.evil' }],
  [{ type: 'email', text: 'a.example' }],
  [{ type: 'uri', text: '/relative' }],
  [{ type: 'ip', octets: new Uint8Array(8) }],
  [{ type: 'ip', octets: new Uint8Array() }],
] as const)('the form of %j is wrong', (name) => {
  expect(isWellFormedName(name)).toBe(false);
});

test('octets as binary digits', () => {
  expect(writeBits(Uint8Array.of(0, 1, 0x80, 0xff))).toBe('00000000000000011000000011111111');
  expect(writeBits(Uint8Array.of())).toBe('');
});
