import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import { readGeneralName } from '../../../src/verifier/x509/generalName.ts';
import {
  NULL,
  commonName,
  directoryName,
  dnsName,
  emailName,
  hex,
  ipName,
  readerOf,
  sequence,
  tlv,
  uriName,
  utf8,
} from './writeDer.ts';

test.each([
  [dnsName('a.example'), { type: 'dns', text: 'a.example' }],
  [dnsName('a\0b'), { type: 'dns', text: 'a\0b' }],
  [emailName('a@b.example'), { type: 'email', text: 'a@b.example' }],
  [uriName('https://a.example/'), { type: 'uri', text: 'https://a.example/' }],
  [tlv(0xa0, hex('0500')), { type: 'other', tag: 0xa0 }],
  [tlv(0xa3, hex('0500')), { type: 'other', tag: 0xa3 }],
  [tlv(0xa5, hex('0500')), { type: 'other', tag: 0xa5 }],
  [tlv(0x88, hex('2a03')), { type: 'other', tag: 0x88 }],
])('a general name of its type: %s', (der, expected) => {
  expect(readGeneralName(readerOf(der))).toEqual(expected);
});

test('an address is octets, a directory name is parsed', () => {
  expect(readGeneralName(readerOf(ipName('7f000001')))).toMatchObject({ type: 'ip', octets: hex('7f000001') });
  expect(readGeneralName(readerOf(directoryName(commonName('a'))))).toMatchObject({
    type: 'directory',
    name: [[{ type: '2.5.4.3', value: utf8('a') }]],
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a universal type', utf8('a')],
  ['an unknown tag', tlv(0x89)],
  ['a constructed text', tlv(0xa2, dnsName('a'))],
  ['a text beyond IA5', dnsName('\u00e9')],
  ['a directory name that is none', directoryName(utf8('a'))],
  ['a directory name that is broken', directoryName(sequence(NULL))],
  ['two directory names in one', directoryName(Buffer.concat([commonName('a'), commonName('b')]))],
])('%s is no general name', (_, der) => {
  expect(() => readGeneralName(readerOf(der))).toThrow(DerError);
});
