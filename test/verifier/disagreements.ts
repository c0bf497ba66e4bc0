import type { CheckName } from '../../src/contract/attestation.ts';

/** Mutations that another reader takes and ours refuses, and why both are right by their own lights. */
export interface Disagreement {
  readonly reason: string;
  /** All mutations that fail these checks; */
  readonly checks?: readonly CheckName[];
  /** and these, by their names. */
  readonly mutations?: readonly string[];
}

const ALGORITHMS = ['digestAlgorithm', 'signerDigestAlgorithm', 'signatureAlgorithm'];
const OTHER_ALGORITHMS = [
  ...['SHA-1', 'MD5', 'RSA-PSS', 'ECDSA'].map((name) => `${name}, and said so`),
  'the two digest algorithms differ',
  'a signature algorithm of another digest',
  'a signature algorithm of the same digest',
];
const LONG_LENGTHS = ['contentInfo', 'version', 'content', 'certificate', 'signature'].map(
  (place) => `length of ${place} in more octets than it needs`,
);
const INDEFINITE_LENGTHS = ['contentInfo', 'signedData', 'certificates', 'signerInfo'].map(
  (place) => `indefinite length of ${place}`,
);

/** asn1js and pkijs decode these. The list is exact: they are packages of a fixed version. */
export const PKIJS_READS: readonly Disagreement[] = [
  {
    reason: 'BER: asn1js reads all of X.690, and does not mind what is behind the end',
    mutations: [
      ...INDEFINITE_LENGTHS,
      ...LONG_LENGTHS,
      'content in parts',
      'version 0001',
      'an octet behind the end',
      'the document twice',
    ],
  },
  {
    reason: 'CMS that is not of Azure’s profile: other types, versions, numbers of things, attributes',
    mutations: [
      'not a SignedData',
      'SignedData of version 3',
      'SignerInfo of version 3',
      'a version of two octets',
      'no digest algorithm',
      'two digest algorithms',
      'content of another type',
      'revocation lists',
      'the good signer first, the attacker’s second',
      'the attacker’s signer first, the good one second',
      'the same signer twice',
      'signedAttrs as usual',
      'content-type attribute other than eContentType',
      'messageDigest twice',
      'an unsigned attribute',
    ],
  },
  {
    reason: 'algorithms that are not of Azure’s profile: decoding does not judge them',
    mutations: [
      ...OTHER_ALGORITHMS,
      'SHA-384',
      'Ed25519, and said so',
      'a digest algorithm that only begins like SHA-256’s',
      ...ALGORITHMS.flatMap((name) => [`${name} with parameters`, `${name} with parameters twice`]),
    ],
  },
  {
    reason: 'pkijs takes what it looks for and leaves the rest: more elements than the type has, content of any type',
    mutations: [
      'content of another tag',
      'two contents',
      'more in the ContentInfo',
      'more in the content’s wrapping',
      'more in the SignedData',
      'more in the EncapsulatedContentInfo',
      'more in the signer’s identifier',
    ],
  },
];

/** Both decode these, and differ. */
export const PKIJS_DIFFERS: readonly Disagreement[] = [
  { reason: 'the year 50 is taken for 1950, which is what the second reading is there for', checks: ['reading'] },
];

/** `openssl asn1parse` lists these. What a release of openssl tolerates changes: the list says what may be, not what must. */
export const ASN1PARSE_LISTS: readonly Disagreement[] = [
  {
    reason: 'BER: it shows what is there',
    mutations: [
      ...INDEFINITE_LENGTHS,
      ...LONG_LENGTHS,
      'content in parts',
      'version 0001',
      'the document twice',
      'an octet behind the end',
    ],
  },
  {
    reason: 'it has no budget, or another one',
    mutations: ['17 levels', 'as many levels as 16 KiB hold', '500 signers of two elements'],
  },
];

/** `openssl cms -verify` accepts these. Again: what may be. */
export const OPENSSL_ACCEPTS: readonly Disagreement[] = [
  {
    reason: 'BER: openssl’s decoder reads it, and stops at the end of the first element',
    mutations: [
      ...INDEFINITE_LENGTHS,
      ...LONG_LENGTHS,
      'content in parts',
      'an octet behind the end',
      'the document twice',
    ],
  },
  {
    reason: 'CMS that is not of Azure’s profile: it verifies what any signer may send',
    mutations: [
      'SignedData of version 3',
      'SignerInfo of version 3',
      'a version of two octets',
      'two digest algorithms',
      'content of another type',
      'signedAttrs as usual',
      'content-type attribute other than eContentType',
      'an unsigned attribute',
      'unsigned attributes of no form',
      ...OTHER_ALGORITHMS,
      ...ALGORITHMS.map((name) => `${name} with parameters`),
    ],
  },
  {
    reason: 'more certificates are usual, and names are compared by RFC 5280 section 7.1',
    mutations: ['the same certificate twice', 'its intermediate too', 'the issuer named in another kind of string'],
  },
  { reason: 'it is not told whose name the signer must have', checks: ['cloud'] },
  { reason: 'it does not read the content', checks: ['content', 'time', 'nonce'] },
  { reason: 'it reads once', checks: ['reading'] },
  {
    reason: 'all authorities are one heap to it, without pins for a cloud',
    mutations: ['the right name, certified by the CA of another cloud'],
  },
  {
    reason: 'it is asked for any purpose, and its default security level takes weak keys and digests in a leaf',
    mutations: [
      ...[
        'a CA',
        'that may sign certificates',
        'with a path length',
        'with name constraints',
        'with policy constraints',
      ],
      ...['for clients', 'for any purpose', 'for no stated purpose', 'that may not sign', 'without key usage'],
      ...['signed with SHA-1', 'signed with MD5', 'signed with RSA-PSS', 'of version 1', 'of version 2'],
      ...['with the serial number 0', 'with a serial number of 21 octets', 'with a key of rsa-1024'],
      ...['with a key of rsa-2048-exponent-3', 'with a key of p-256', 'with a key of p-384'],
    ].map((name) => `a leaf ${name}`),
  },
];
