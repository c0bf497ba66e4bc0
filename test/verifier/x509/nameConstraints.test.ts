import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import { readNameConstraints } from '../../../src/verifier/x509/nameConstraints.ts';
import {
  commonName,
  directoryName,
  dnsName,
  emailName,
  hex,
  ipName,
  NULL,
  readerOf,
  sequence,
  tlv,
  uriName,
} from './writeDer.ts';

const permitted = (...bases: readonly Uint8Array[]) => tlv(0xa0, ...bases.map((base) => sequence(base)));
const excluded = (...bases: readonly Uint8Array[]) => tlv(0xa1, ...bases.map((base) => sequence(base)));
const read = (...parts: readonly Uint8Array[]) => readNameConstraints(readerOf(sequence(...parts)));

test('both lists are read, either may be absent', () => {
  expect(read(permitted(dnsName('A.Example')), excluded(dnsName('b.example'), dnsName('')))).toEqual({
    permitted: [{ type: 'dns', host: 'a.example' }],
    excluded: [
      { type: 'dns', host: 'b.example' },
      { type: 'dns', host: '' },
    ],
  });
  expect(read(excluded(dnsName('b')))).toEqual({ permitted: [], excluded: [{ type: 'dns', host: 'b' }] });
});

test.each([
  [uriName('A.example'), { type: 'uri', host: 'a.example' }],
  [uriName('.a.example'), { type: 'uri', host: '.a.example' }],
  [emailName('A.example'), { type: 'email', local: null, host: 'a.example' }],
  [emailName('.a.example'), { type: 'email', local: null, host: '.a.example' }],
  [emailName('Me@A.example'), { type: 'email', local: 'Me', host: 'a.example' }],
  [ipName('c0000200 ffffff00'), { type: 'ip', bits: 32, prefix: '110000000000000000000010' }],
  [ipName('c0000200 00000000'), { type: 'ip', bits: 32, prefix: '' }],
  [ipName(`${'00'.repeat(15)}01 ${'ff'.repeat(16)}`), { type: 'ip', bits: 128, prefix: `${'0'.repeat(127)}1` }],
  [directoryName(commonName('A')), { type: 'directory', prepared: ['["2.5.4.3=a"]'] }],
  [tlv(0xa0, hex('0500')), { type: 'other', tag: 0xa0 }],
])('a base is prepared: %s', (base, expected) => {
  expect(read(permitted(base)).permitted).toEqual([expected]);
});

test.each([
  ['no list', []],
  ['an empty list', [tlv(0xa0)]],
  ['an empty subtree', [tlv(0xa0, sequence())]],
  ['a minimum', [tlv(0xa0, sequence(dnsName('a'), tlv(0x80, hex('01'))))]],
  ['a maximum', [tlv(0xa0, sequence(dnsName('a'), tlv(0x81, hex('01'))))]],
  ['something after the lists', [permitted(dnsName('a')), NULL]],
  ['the lists the other way round', [excluded(dnsName('a')), permitted(dnsName('a'))]],
  ['a wildcard', [permitted(dnsName('*.example'))]],
  ['a DNS name with a leading dot', [permitted(dnsName('.example'))]],
  ['a URI with a path', [permitted(uriName('https://a.example/'))]],
  ['an empty URI', [permitted(uriName(''))]],
  ['a mailbox with two hosts', [permitted(emailName('a@b@c.example'))]],
  ['an empty mailbox', [permitted(emailName(''))]],
  ['an address without mask', [permitted(ipName('c0000200'))]],
  ['a mask with a hole', [permitted(ipName('c0000200 ff00ff00'))]],
  ['an address of no kind', [permitted(ipName('c000020000 ffffff0000'))]],
])('name constraints with %s are refused', (_, parts) => {
  expect(() => read(...parts)).toThrow(DerError);
});
