import { expect, test } from 'vitest';
import { NAME_COMPARISONS, findConstraintBreach, listNames } from '../../../src/verifier/x509/constraintBreach.ts';
import { readGeneralName } from '../../../src/verifier/x509/generalName.ts';
import { parseName } from '../../../src/verifier/x509/name.ts';
import { readNameConstraints } from '../../../src/verifier/x509/nameConstraints.ts';
import {
  CN,
  commonName,
  directoryName,
  dnsName,
  emailName,
  hex,
  ipName,
  name,
  NULL,
  readerOf,
  sequence,
  tlv,
  uriName,
  utf8,
} from './writeDer.ts';

type Ders = readonly Uint8Array[];

interface Case {
  readonly permitted?: Ders;
  readonly excluded?: Ders;
  readonly names?: Ders;
  readonly subject?: Uint8Array;
}

function subtrees(tag: number, bases: Ders): Ders {
  return bases.length === 0 ? [] : [tlv(tag, ...bases.map((base) => sequence(base)))];
}

function find(
  { permitted = [], excluded = [], names = [], subject = sequence() }: Case,
  comparisons = NAME_COMPARISONS,
) {
  const constraints = sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
  return findConstraintBreach(
    readNameConstraints(readerOf(constraints)),
    listNames({ subject: parseName(subject), names: names.map((der) => readGeneralName(readerOf(der))) }),
    { comparisons },
  );
}

const OTHER = tlv(0xa0, hex('0500'));
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

test.each<[string, Case]>([
  ['no name', { permitted: [dnsName('a.example')] }],
  ['the host itself', { permitted: [dnsName('a.example')], names: [dnsName('A.EXAMPLE')] }],
  ['a host below', { permitted: [dnsName('a.example')], names: [dnsName('x.y.a.example')] }],
  ['a wildcard below', { permitted: [dnsName('a.example')], names: [dnsName('*.a.example')] }],
  ['any host where the base is empty', { permitted: [dnsName('')], names: [dnsName('b')] }],
  ['one of two bases', { permitted: [dnsName('a'), dnsName('b')], names: [dnsName('x.b')] }],
  ['another type than the constrained one', { permitted: [ipName('7f000001 ffffffff')], names: [dnsName('a')] }],
  ['a name beside the excluded one', { excluded: [dnsName('a.example')], names: [dnsName('ba.example')] }],
  ['a name above the excluded one', { excluded: [dnsName('a.example')], names: [dnsName('example')] }],
  ['a wildcard beside the excluded one', { excluded: [dnsName('a.b.example')], names: [dnsName('*.c.example')] }],
  ['an address of the network', { permitted: [ipName('c0000200 ffffff00')], names: [ipName('c00002ff')] }],
  ['an address of the other family', { excluded: [ipName('00000000 00000000')], names: [ipName('00'.repeat(16))] }],
  ['a mailbox', { permitted: [emailName('Me@a.example')], names: [emailName('Me@A.example')] }],
  ['a mailbox of the host', { permitted: [emailName('a.example')], names: [emailName('x@a.example')] }],
  ['a mailbox below the host', { permitted: [emailName('.a.example')], names: [emailName('x@b.a.example')] }],
  ['a URI of the host', { permitted: [uriName('a.example')], names: [uriName('https://a.example/x')] }],
  ['a URI below the host', { permitted: [uriName('.a.example')], names: [uriName('https://b.a.example/x')] }],
  ['a subject', { permitted: [directoryName(commonName('a'))], subject: name([CN, utf8('A')], [CN, utf8('b')]) }],
  ['a directory name', { permitted: [directoryName(commonName('a'))], names: [directoryName(commonName('a'))] }],
  ['another type of other name', { permitted: [tlv(0xa3, NULL)], names: [OTHER] }],
  ['an address in the subject', { permitted: [emailName('a')], subject: name([EMAIL_ADDRESS, utf8('x@a')]) }],
  [
    'an address in the subject beside an alternative one',
    { permitted: [emailName('a')], names: [emailName('x@a')], subject: name([EMAIL_ADDRESS, utf8('x@b')]) },
  ],
])('%s keeps to the constraints', (_, one) => {
  expect(find(one)).toBeNull();
});

const OUTSIDE = 'a name is outside the permitted ones';

test.each<[string, Case]>([
  ['a host beside', { permitted: [dnsName('a.example')], names: [dnsName('ba.example')] }],
  ['a host above', { permitted: [dnsName('a.example')], names: [dnsName('example')] }],
  ['a wildcard above', { permitted: [dnsName('a.example')], names: [dnsName('*.example')] }],
  ['a host that is none', { permitted: [dnsName('')], names: [dnsName('a b')] }],
  ['the second of two names', { permitted: [dnsName('a')], names: [dnsName('a'), dnsName('b')] }],
  ['an address beside', { permitted: [ipName('c0000200 ffffff00')], names: [ipName('c0000300')] }],
  ['an address of the other family', { permitted: [ipName('00000000 00000000')], names: [ipName('00'.repeat(16))] }],
  ['an address that is none', { permitted: [ipName('00000000 00000000')], names: [ipName('00')] }],
  ['another mailbox', { permitted: [emailName('me@a.example')], names: [emailName('Me@a.example')] }],
  ['a mailbox below', { permitted: [emailName('a.example')], names: [emailName('x@b.a.example')] }],
  ['a mailbox of the host itself', { permitted: [emailName('.a.example')], names: [emailName('x@a.example')] }],
  ['no mailbox', { permitted: [emailName('a.example')], names: [emailName('a.example')] }],
  ['an asterisk that is no wildcard', { permitted: [emailName('*@a.example')], names: [emailName('x@a.example')] }],
  ['a URI without host', { permitted: [uriName('a.example')], names: [uriName('urn:a.example')] }],
  ['a URI of another host', { permitted: [uriName('a.example')], names: [uriName('https://b.a.example/')] }],
  ['another subject', { permitted: [directoryName(commonName('a'))], subject: commonName('b') }],
  ['another directory name', { permitted: [directoryName(commonName('a'))], names: [directoryName(commonName('b'))] }],
  ['an other name', { permitted: [OTHER], names: [OTHER] }],
  ['an address in the subject', { permitted: [emailName('a')], subject: name([EMAIL_ADDRESS, utf8('x@b')]) }],
  ['an address in the subject that is no text', { permitted: [emailName('a')], subject: name([EMAIL_ADDRESS, NULL]) }],
])('%s is not permitted', (_, one) => {
  expect(find(one)).toBe(OUTSIDE);
});

test.each<[string, Case]>([
  ['a host below', { excluded: [dnsName('example')], names: [dnsName('a.example')] }],
  ['a wildcard that may stand for it', { excluded: [dnsName('a.b.example')], names: [dnsName('*.example')] }],
  ['a host that is none', { excluded: [dnsName('a.example')], names: [dnsName('a b')] }],
  ['an address', { excluded: [ipName('00000000 00000000')], names: [ipName('7f000001')] }],
  ['a URI with an address', { excluded: [uriName('a.example')], names: [uriName('https://127.0.0.1/')] }],
  ['an other name', { excluded: [OTHER], names: [OTHER] }],
  [
    'what is permitted too',
    { permitted: [dnsName('example')], excluded: [dnsName('a.example')], names: [dnsName('a.example')] },
  ],
])('%s is excluded', (_, one) => {
  expect(find(one)).toBe('a name is excluded');
});

test('comparisons cost, and the budget is webpki’s', () => {
  const one = {
    permitted: [dnsName('a'), dnsName('b')],
    excluded: [dnsName('c')],
    names: [dnsName('a'), dnsName('b')],
  };
  expect(find(one, 6)).toBeNull();
  expect(find(one, 5)).toBe('too many names and name constraints');
  expect(NAME_COMPARISONS).toBe(250_000);
});
