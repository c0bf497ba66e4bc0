import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { EMULATOR_CLOUD } from '../../../src/contract/clouds.ts';
import type { EvidenceCode } from '../../../src/contract/codes.ts';
import type { Authority } from '../../../src/emulator/authority/authority.ts';
import * as ber from '../../../src/emulator/documents/berForms.ts';
import { documentContent } from '../../../src/emulator/documents/documentContent.ts';
import * as changes from '../../../src/emulator/documents/documentChanges.ts';
import type { IssuedCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import {
  contentTypeAttribute,
  messageDigestAttribute,
  usualAttributes,
} from '../../../src/emulator/documents/signedAttributes.ts';
import {
  createSignerInfo,
  signDocument,
  type DocumentDescription,
} from '../../../src/emulator/documents/signDocument.ts';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { createAdHocTrust } from '../../../src/trust/adHocTrust.ts';
import { verifyEvidence } from '../../../src/verifier/verifyEvidence.ts';
import { AT, sharedAuthority } from '../running.ts';

let authority: Authority;
let leaf: IssuedCertificate;
/** A genuine leaf's look-alike: the attacker's key under the same issuer and serial. */
let twin: IssuedCertificate;

beforeAll(async () => {
  authority = await sharedAuthority();
  leaf = await authority.issueLeaf();
  const serial = new X509Certificate(leaf.der).serialNumber;
  const keys = await authority.keys('attacker');
  const forger = { subject: authority.intermediate.subject, keys };
  twin = await authority.issueLeaf({ serial, keys, issuer: forger });
});

const CONTENT = documentContent({ vm: BUILT_IN_VMS[0].compute, apiVersion: '2025-04-07', createdOn: AT });

function verdict(document: Uint8Array): EvidenceCode | 'accepted' {
  const trust = createAdHocTrust(authority.pem, EMULATOR_CLOUD.domain);
  const policy = { acceptedClouds: ['custom'], requiredClaims: [], maximumAge: null, clockSkew: 0 };
  const verification = verifyEvidence(document, { trust, policy, at: AT });
  return verification.accepted ? 'accepted' : verification.code;
}

function make(change: Partial<DocumentDescription>): Uint8Array {
  return signDocument({ content: CONTENT, leaf, ...change });
}

test('the document that all the others are made from is accepted', () => {
  expect(verdict(make({}))).toBe('accepted');
});

test.each<[string, changes.DocumentChange, EvidenceCode]>([
  ['content altered', changes.alterContent, 'signature_invalid'],
  ['content replaced', changes.replaceContent(Buffer.from('{}')), 'signature_invalid'],
  ['no content', changes.removeContent, 'document_unsupported'],
  ['signature altered', changes.alterSignature, 'signature_invalid'],
  ['signature empty', changes.emptySignature, 'signature_invalid'],
  ['signature zero', changes.zeroSignature, 'signature_invalid'],
  ['signature short', changes.shortSignature, 'signature_invalid'],
  ['signature longer', changes.longSignature, 'signature_invalid'],
  ['another signature', changes.replaceSignature(({ length }) => new Uint8Array(length).fill(1)), 'signature_invalid'],
  ['no signer', changes.removeSigners, 'document_unsupported'],
  ['same signer twice', changes.repeatSigner, 'document_unsupported'],
  ['signer by key identifier', changes.nameSignerByKey(new Uint8Array(20)), 'document_unsupported'],
  ['no certificates', changes.removeCertificates, 'signer_unexpected'],
  ['unsigned attribute', changes.addUnsignedAttribute, 'document_unsupported'],
  ['two changes', changes.inTurn(changes.alterContent, changes.removeSigners), 'document_unsupported'],
])('%s is refused', (_, change, code) => {
  expect(verdict(make({ change }))).toBe(code);
});

test('signers that are not what they seem are refused', async () => {
  const other = await authority.issueLeaf({ region: 'westus' });
  expect(verdict(make({ signers: [{ leaf }, { leaf: other }], certificates: [leaf, other] }))).toBe(
    'document_unsupported',
  );
  expect(verdict(make({ keys: twin.keys }))).toBe('signature_invalid');
  expect(verdict(make({ change: changes.nameSigner(other) }))).toBe('signer_unexpected');
  expect(verdict(make({ certificates: [leaf, other] }))).toBe('signer_unexpected');
  expect(verdict(make({ certificates: [leaf, twin], keys: twin.keys }))).toBe('signer_unexpected');
  expect(verdict(make({ leaf: twin }))).toBe('issuer_unknown');
  const two = make({
    change: ({ signerInfos }) => void signerInfos.push(createSignerInfo({ leaf: twin }, Buffer.from('x'))),
  });
  expect(verdict(two)).toBe('document_unsupported');
});

test.each<[string, NonNullable<DocumentDescription['signedAttributes']>]>([
  ['as usual', usualAttributes],
  ['with another content type', (content) => [contentTypeAttribute('1.2.3'), messageDigestAttribute(content)]],
  ['with the digest twice', (content) => [...usualAttributes(content), messageDigestAttribute(content)]],
])('signed attributes %s are refused', (_, signedAttributes) => {
  expect(verdict(make({ signedAttributes }))).toBe('document_unsupported');
});

test('signed attributes taken for the content are authentic octets, but no document', () => {
  const document = make({ signedAttributes: usualAttributes, change: changes.takeAttributesForContent });
  expect(verdict(document)).toBe('document_malformed');
});

test.each<[string, Partial<DocumentDescription>]>([
  ['MD5', { scheme: 'rsa-md5', digestOid: '1.2.840.113549.2.5' }],
  ['SHA-1', { scheme: 'rsa-sha1', digestOid: '1.3.14.3.2.26' }],
  ['SHA-512', { scheme: 'rsa-sha512', digestOid: '2.16.840.1.101.3.4.2.3' }],
  ['RSA-PSS', { scheme: 'rsa-pss', signatureOid: '1.2.840.113549.1.1.10', parameters: 'pss' }],
  ['a signature algorithm of another digest', { signatureOid: '1.2.840.113549.1.1.12' }],
])('a document signed with %s is refused', (_, change) => {
  expect(verdict(make(change))).toBe('document_unsupported');
});

test('a digest other than the one named is refused', () => {
  expect(verdict(make({ scheme: 'rsa-sha1' }))).toBe('signature_invalid');
  expect(verdict(make({ scheme: 'rsa-pss' }))).toBe('signature_invalid');
});

test('algorithms without parameters are accepted', () => {
  expect(verdict(make({ parameters: 'absent' }))).toBe('accepted');
});

test.each<[string, ber.BerForm]>([
  ['indefinite length', ber.withIndefiniteLength('signedData')],
  ['long length', ber.withLongLength('content')],
  ['content in parts', ber.withContentInParts],
  ['padded INTEGER', ber.withPaddedInteger],
  ['trailing octet', ber.withTrailingOctet],
  ['second ContentInfo', ber.twice],
  ['last octet missing', ber.withLastOctetMissing],
])('%s is malformed', (_, form) => {
  expect(verdict(form(make({})))).toBe('document_malformed');
});

test('more in the SignedData than it has room for is refused', () => {
  expect(verdict(ber.withMoreInSignedData(make({})))).toBe('document_unsupported');
});

test('sequences in one another are refused, however many', () => {
  expect(verdict(ber.nestedSequences(1000))).toBe('document_malformed');
  expect(verdict(ber.nestedSequences(40_000))).toBe('document_malformed');
});
