import { encodeElement } from '../documents/der.ts';
import * as ber from '../documents/berForms.ts';
import * as changes from '../documents/documentChanges.ts';
import { contentTypeAttribute, messageDigestAttribute, usualAttributes } from '../documents/signedAttributes.ts';
import { createSignerInfo } from '../documents/signDocument.ts';
import { changed, formed, remade, rewritten } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import {
  AT_PATH,
  NULL,
  as,
  contentsChanged,
  contentsOf,
  doubled,
  ending,
  followedBy,
  nothing,
  tagged,
} from './derChanges.ts';

/** Changes of the message around the content: the checks `size`, `encoding` and `profile`. */

const text = (document: Uint8Array): string => Buffer.from(document).toString('base64');
const ZEROS = new Uint8Array(10 * 1024 * 1024);
const LIMIT = 16 * 1024;

export const SIZE: readonly Mutation[] = [
  { name: '10 MB of zeros', attack: '10 MB of zeros', check: 'size', offer: () => ({ evidence: ZEROS }) },
  { name: '10 MB of zeros as text', attack: '10 MB of zeros', check: 'size', offer: () => ({ evidence: text(ZEROS) }) },
  { name: 'an octet more than 16 KiB', check: 'size', offer: () => ({ evidence: new Uint8Array(LIMIT + 1) }) },
  {
    name: 'text of the length allowed, but an octet more than 16 KiB',
    check: 'size',
    offer: () => ({ evidence: text(new Uint8Array(LIMIT + 1)) }),
  },
  { name: '40,000 levels', attack: '40,000 levels', check: 'size', offer: formed(() => ber.nestedSequences(40_000)) },
  {
    name: '500 signers of full size',
    attack: '500 signers',
    check: 'size',
    offer: rewritten(
      AT_PATH.signerInfos,
      contentsChanged((signer) => Buffer.concat(Array<Uint8Array>(500).fill(signer))),
    ),
  },
  {
    name: '2,000 look-alike CAs in the document',
    attack: '2,000 look-alike CAs',
    check: 'size',
    offer: rewritten(
      AT_PATH.certificates,
      contentsChanged((leaf) => Buffer.concat(Array<Uint8Array>(2001).fill(leaf))),
    ),
  },
];

/** As many signers of which none is readable: small enough to be looked at. */
const TINY_SIGNERS = encodeElement(0x31, ...Array<Uint8Array>(500).fill(encodeElement(0x30, NULL)));

export const ENCODING: readonly Mutation[] = [
  { name: 'nothing', check: 'encoding', offer: () => ({ evidence: new Uint8Array() }) },
  { name: 'no text', check: 'encoding', offer: () => ({ evidence: '' }) },
  {
    name: 'base64 in lines',
    check: 'encoding',
    offer: ({ genuine }) => ({ evidence: text(genuine).replace(/.{64}/g, '$&\n') }),
  },
  {
    name: 'base64url',
    check: 'encoding',
    offer: ({ genuine }) => ({ evidence: Buffer.from(genuine).toString('base64url') }),
  },
  {
    name: 'base64 with more behind it',
    check: 'encoding',
    offer: ({ genuine }) => ({ evidence: `${text(genuine)}====` }),
  },
  { name: 'PEM', check: 'encoding', offer: ({ genuine }) => ({ evidence: `-----BEGIN CMS-----\n${text(genuine)}\n` }) },
  {
    name: 'JSON around it',
    check: 'encoding',
    offer: ({ genuine }) => ({ evidence: JSON.stringify({ signature: text(genuine) }) }),
  },
  ...(['contentInfo', 'signedData', 'certificates', 'signerInfo'] as const).map((place): Mutation => ({
    name: `indefinite length of ${place}`,
    attack: 'indefinite length',
    check: 'encoding',
    offer: formed(ber.withIndefiniteLength(place)),
  })),
  ...(['contentInfo', 'version', 'content', 'certificate', 'signature'] as const).map((place): Mutation => ({
    name: `length of ${place} in more octets than it needs`,
    attack: 'non-minimal length',
    check: 'encoding',
    offer: formed(ber.withLongLength(place)),
  })),
  {
    name: 'content in parts',
    attack: 'constructed OCTET STRING',
    check: 'encoding',
    offer: formed(ber.withContentInParts),
  },
  { name: 'version 0001', attack: 'padded INTEGER', check: 'encoding', offer: formed(ber.withPaddedInteger) },
  {
    name: 'an octet behind the end',
    attack: 'trailing octets',
    check: 'encoding',
    offer: formed(ber.withTrailingOctet),
  },
  { name: 'the document twice', attack: 'a second ContentInfo', check: 'encoding', offer: formed(ber.twice) },
  { name: 'the last octet missing', check: 'encoding', offer: formed(ber.withLastOctetMissing) },
  { name: '17 levels', attack: '40,000 levels', check: 'encoding', offer: formed(() => ber.nestedSequences(17)) },
  {
    name: 'as many levels as 16 KiB hold',
    attack: '40,000 levels',
    check: 'encoding',
    offer: formed(() => ber.nestedSequences(4000)),
  },
  {
    name: '500 signers of two elements',
    attack: '500 signers',
    check: 'encoding',
    offer: rewritten(AT_PATH.signerInfos, as(TINY_SIGNERS)),
  },
  {
    name: 'a certificate that is none',
    check: 'encoding',
    offer: rewritten(AT_PATH.certificate, as(encodeElement(0x30))),
  },
];

const MESSAGE_OID = {
  data: '06092a864886f70d010701',
  envelopedData: '06092a864886f70d010703',
  tstInfo: '060b2a864886f70d0109100104',
};
const oid = (hex: string) => as(Buffer.from(hex, 'hex'));
const VERSION_3 = as(Uint8Array.of(2, 1, 3));

const STRUCTURE: readonly Mutation[] = [
  {
    name: 'not a SignedData',
    check: 'profile',
    offer: rewritten(AT_PATH.contentInfoType, oid(MESSAGE_OID.envelopedData)),
  },
  { name: 'a primitive value', check: 'profile', offer: () => ({ evidence: NULL }) },
  { name: 'SignedData of version 3', check: 'profile', offer: rewritten(AT_PATH.version, VERSION_3) },
  { name: 'SignerInfo of version 3', check: 'profile', offer: rewritten(AT_PATH.signerVersion, VERSION_3) },
  {
    name: 'a version of two octets',
    check: 'profile',
    offer: rewritten(AT_PATH.version, as(Uint8Array.of(2, 2, 1, 0))),
  },
  { name: 'no digest algorithm', check: 'profile', offer: rewritten(AT_PATH.digestAlgorithm, nothing) },
  { name: 'two digest algorithms', check: 'profile', offer: rewritten(AT_PATH.digestAlgorithm, doubled) },
  {
    name: 'content of another type',
    check: 'profile',
    offer: rewritten(AT_PATH.contentType, oid(MESSAGE_OID.tstInfo)),
  },
  { name: 'no content', check: 'profile', offer: changed(changes.removeContent) },
  { name: 'content of another tag', check: 'profile', offer: rewritten(AT_PATH.content, tagged(0x0c)) },
  { name: 'two contents', check: 'profile', offer: rewritten(AT_PATH.content, doubled) },
  { name: 'an attribute certificate', check: 'profile', offer: rewritten(AT_PATH.certificate, tagged(0xa1)) },
  { name: 'certificates in another field', check: 'profile', offer: rewritten(AT_PATH.certificates, tagged(0xa2)) },
  {
    name: 'revocation lists',
    check: 'profile',
    offer: rewritten(AT_PATH.certificates, followedBy(encodeElement(0xa1))),
  },
  { name: 'more in the ContentInfo', check: 'profile', offer: rewritten(AT_PATH.contentInfo, ending(NULL)) },
  { name: 'more in the content’s wrapping', check: 'profile', offer: rewritten(AT_PATH.explicitContent, ending(NULL)) },
  { name: 'more in the SignedData', check: 'profile', offer: formed(ber.withMoreInSignedData) },
  {
    name: 'more in the EncapsulatedContentInfo',
    check: 'profile',
    offer: rewritten(AT_PATH.encapsulatedContent, ending(NULL)),
  },
  { name: 'more in the SignerInfo', check: 'profile', offer: rewritten(AT_PATH.signerInfo, ending(NULL)) },
  {
    name: 'more in the signer’s identifier',
    check: 'profile',
    offer: rewritten(AT_PATH.signerIdentifier, ending(NULL)),
  },
];

const SIGNERS: readonly Mutation[] = [
  { name: 'no signer', attack: 'no signer', check: 'profile', offer: changed(changes.removeSigners) },
  {
    name: 'the good signer first, the attacker’s second',
    attack: 'two signers, one of them good',
    check: 'profile',
    offer: remade(({ leaf, twin }) => ({
      change: ({ signerInfos, encapContentInfo }) => {
        const content = encapContentInfo.eContent?.getValue() ?? new ArrayBuffer();
        signerInfos.push(createSignerInfo({ leaf, keys: twin.keys }, new Uint8Array(content)));
      },
    })),
  },
  {
    name: 'the attacker’s signer first, the good one second',
    attack: 'two signers, one of them good',
    check: 'profile',
    offer: remade(({ leaf, twin }) => ({ signers: [{ leaf, keys: twin.keys }, { leaf }] })),
  },
  {
    name: 'the same signer twice',
    attack: 'the same signer twice',
    check: 'profile',
    offer: changed(changes.repeatSigner),
  },
  {
    name: 'signer found by key identifier, version 3',
    attack: 'signer found by key identifier',
    check: 'profile',
    offer: changed(changes.nameSignerByKey(new Uint8Array(20))),
  },
  {
    name: 'signer found by key identifier, version 1',
    attack: 'signer found by key identifier',
    check: 'profile',
    offer: rewritten(AT_PATH.signerIdentifier, as(encodeElement(0x80, new Uint8Array(20)))),
  },
  { name: 'signedAttrs as usual', check: 'profile', offer: remade({ signedAttributes: usualAttributes }) },
  {
    name: 'content-type attribute other than eContentType',
    attack: 'content-type attribute different from eContentType',
    check: 'profile',
    offer: remade({
      signedAttributes: (content) => [contentTypeAttribute('1.2.3'), messageDigestAttribute(content)],
    }),
  },
  {
    name: 'messageDigest twice',
    attack: 'messageDigest twice',
    check: 'profile',
    offer: remade({ signedAttributes: (content) => [...usualAttributes(content), messageDigestAttribute(content)] }),
  },
  { name: 'an unsigned attribute', check: 'profile', offer: changed(changes.addUnsignedAttribute) },
  {
    name: 'unsigned attributes of no form',
    check: 'profile',
    offer: rewritten(AT_PATH.signature, followedBy(encodeElement(0x81))),
  },
];

const OID = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  pss: '1.2.840.113549.1.1.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ed25519: '1.3.101.112',
};
const OTHER_PARAMETERS = contentsChanged((contents) => Buffer.concat([contents.subarray(0, -2), encodeElement(0x30)]));
const MORE_PARAMETERS = ending(NULL);

const ALGORITHMS: readonly Mutation[] = [
  {
    name: 'SHA-1, and said so',
    attack: 'SHA-1',
    check: 'profile',
    offer: remade({ scheme: 'rsa-sha1', digestOid: OID.sha1 }),
  },
  {
    name: 'MD5, and said so',
    attack: 'MD5',
    check: 'profile',
    offer: remade({ scheme: 'rsa-md5', digestOid: OID.md5 }),
  },
  { name: 'SHA-384', check: 'profile', offer: remade({ digestOid: OID.sha384 }) },
  {
    name: 'the two digest algorithms differ',
    attack: 'digest and signature algorithms that disagree',
    check: 'profile',
    offer: remade(({ leaf }) => ({ signers: [{ leaf, digestOid: 'standard' }] })),
  },
  {
    name: 'a signature algorithm of another digest',
    attack: 'digest and signature algorithms that disagree',
    check: 'profile',
    offer: remade({ signatureOid: OID.sha384WithRsa }),
  },
  {
    name: 'a signature algorithm of the same digest',
    attack: 'digest and signature algorithms that disagree',
    check: 'profile',
    offer: remade({ signatureOid: OID.sha256WithRsa }),
  },
  {
    name: 'RSA-PSS, and said so',
    attack: 'RSA-PSS',
    check: 'profile',
    offer: remade({ scheme: 'rsa-pss', signatureOid: OID.pss, parameters: 'pss' }),
  },
  {
    name: 'ECDSA, and said so',
    attack: 'ECDSA',
    check: 'profile',
    offer: remade(async ({ authority }) => {
      const leaf = await authority.issueLeaf({ keys: await authority.keys('ec', 'p-256') });
      return { leaf, scheme: 'ecdsa-sha256', signatureOid: OID.ecdsaWithSha256 };
    }),
  },
  {
    name: 'Ed25519, and said so',
    attack: 'Ed25519',
    check: 'profile',
    offer: remade(async ({ authority }) => {
      const leaf = await authority.issueLeaf({ keys: await authority.keys('ed', 'ed25519') });
      return { leaf, scheme: 'ed25519', signatureOid: OID.ed25519 };
    }),
  },
  ...(['digestAlgorithm', 'signerDigestAlgorithm', 'signatureAlgorithm'] as const).flatMap((place): Mutation[] => [
    { name: `${place} with parameters`, check: 'profile', offer: rewritten(AT_PATH[place], OTHER_PARAMETERS) },
    { name: `${place} with parameters twice`, check: 'profile', offer: rewritten(AT_PATH[place], MORE_PARAMETERS) },
  ]),
  {
    name: 'a digest algorithm that only begins like SHA-256’s',
    check: 'profile',
    offer: rewritten(
      AT_PATH.digestAlgorithm,
      contentsChanged((contents) => encodeElement(0x06, contentsOf(contents.subarray(0, -2)), Uint8Array.of(1))),
    ),
  },
];

export const PROFILE: readonly Mutation[] = [...STRUCTURE, ...SIGNERS, ...ALGORITHMS];
