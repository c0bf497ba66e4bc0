import * as asn1js from 'asn1js';
import type * as pkijs from 'pkijs';
import { replaceSignature } from '../documents/documentChanges.ts';
import type { KeyKind } from '../authority/keys.ts';
import type { SignatureAlgorithmName } from '../authority/signatureAlgorithms.ts';
import type { LeafChange } from '../authority/authority.ts';
import { encodeElement } from '../documents/der.ts';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import { pinned, remade, signedBy } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import { AT, DAY, HOUR, SECOND, pinsOf, read } from './scene.ts';
import type { Scene } from './scene.ts';
import type { CaChange } from './certificates.ts';
import {
  POLICY_CONSTRAINTS,
  extension,
  issueCaBelow,
  issueLoop,
  lookAlikes,
  permitDns,
  reissueIntermediate,
} from './certificates.ts';
import { forgeWithExponent3 } from './forgery.ts';

/** Changes of the signer's certificate, of those above it, and of what is pinned: the check `path`. */

/** Another certificate in the pinned intermediate's place; the document is the genuine one. */
function withIntermediate(change: CaChange): Mutation['offer'] {
  return pinned(async (scene) => ({ intermediates: [read(await reissueIntermediate(scene, change))] }));
}

/** One of another kind in the leaf's place, and CAs pinned beside the genuine ones. */
async function signedUnder(scene: Scene, issuers: readonly { der: Uint8Array<ArrayBuffer> }[], change: LeafChange) {
  const { intermediates, ...pins } = pinsOf(scene.authority);
  return {
    evidence: scene.make({ leaf: await scene.authority.issueLeaf(change) }),
    pins: { ...pins, intermediates: [...intermediates, ...issuers.map(read)] },
  };
}

const forged = (owner: 'stranger' | 'impostor') => remade(async (scene) => ({ leaf: await scene[owner].issueLeaf() }));

/** The issuer's common name as a UTF8String; the CA's own certificate has a PrintableString. */
function nameIssuerInUtf8({ issuer }: pkijs.Certificate): void {
  const last = issuer.typesAndValues.at(-1);
  if (last === undefined) throw new Error('the issuer has no name');
  last.value = new asn1js.Utf8String({ value: 'Countersign Emulator Issuing CA 01' });
  // Else pkijs writes what it read before.
  issuer.valueBeforeDecode = new ArrayBuffer();
}

/** One bit turned: a fixed value in its place could be the value that it had, once in 256 signatures. */
function flipSignature({ signatureValue }: pkijs.Certificate): void {
  const { valueHexView } = signatureValue.valueBlock;
  valueHexView.set([(valueHexView[0] ?? 0) ^ 1]);
}

export const ISSUER_UNKNOWN: readonly Mutation[] = [
  { name: 'a CA that nobody knows', check: 'path', offer: forged('stranger') },
  {
    name: 'a look-alike PKI, its root not sent',
    check: 'path',
    attack: 'look-alike PKI with its own root embedded',
    offer: forged('impostor'),
  },
  {
    name: 'the leaf’s issuer and serial with the attacker’s key',
    check: 'path',
    attack: 'same issuer and serial with another key',
    offer: remade(({ twin }) => ({ leaf: twin })),
  },
  {
    name: 'self-signed, with the right name',
    check: 'path',
    attack: 'self-signed with the right name',
    offer: signedBy({ issuer: undefined }),
  },
  {
    name: 'issued by the genuine leaf',
    check: 'path',
    attack: 'leaf used as CA',
    offer: signedBy(({ leaf, twin }) => ({ issuer: leaf, keys: twin.keys })),
  },
  {
    name: 'issued by a CA that is not pinned, under one that is',
    check: 'path',
    offer: remade(async (scene) => {
      const subject = 'C=US, CN=Another CA of the same root';
      const issuer = await issueCaBelow(scene, { subject, issuer: scene.authority.root });
      return { leaf: await scene.authority.issueLeaf({ issuer }) };
    }),
  },
  {
    name: 'the issuer’s name in another kind of string',
    check: 'path',
    offer: signedBy({ change: nameIssuerInUtf8 }),
  },
  {
    name: 'the right name, certified by the CA of another cloud',
    check: 'path',
    attack: 'right name but other cloud’s chain',
    offer: signedBy(({ chinese }) => ({ issuer: chinese.intermediate })),
  },
  {
    name: 'under two pinned CAs that issued each other',
    check: 'path',
    attack: 'two CA certificates that issue each other',
    offer: async (scene) => {
      const { first, second } = await issueLoop(scene);
      return signedUnder(scene, [first, second], { issuer: first });
    },
  },
  {
    name: 'under a pinned CA whose root is not pinned',
    check: 'path',
    offer: (scene) => signedUnder(scene, [scene.stranger.intermediate], { issuer: scene.stranger.intermediate }),
  },
];

export const DISTRUSTED: readonly Mutation[] = [
  ...(['sha256', 'spkiSha256'] as const).flatMap((digest): Mutation[] => [
    {
      name: `the leaf’s ${digest} distrusted`,
      check: 'path',
      offer: pinned(({ leaf }) => ({ distrusted: new Set([read(leaf)[digest]]) })),
    },
    {
      name: `the intermediate’s ${digest} distrusted`,
      check: 'path',
      offer: pinned(({ authority }) => ({ distrusted: new Set([read(authority.intermediate)[digest]]) })),
    },
  ]),
  {
    name: 'the key of the root distrusted, in whichever certificate',
    check: 'path',
    offer: pinned(({ authority }) => ({ distrusted: new Set([read(authority.root).spkiSha256]) })),
  },
  {
    name: 'both anchors distrusted',
    check: 'path',
    offer: pinned(({ authority: { root, secondRoot } }) => ({
      distrusted: new Set([root, secondRoot].map((ca) => read(ca).sha256)),
    })),
  },
];

export const CERTIFICATE_MISSING: readonly Mutation[] = [
  {
    name: 'the intermediate’s certificate not at hand',
    check: 'path',
    offer: pinned(({ authority: { intermediate } }) => {
      const { commonName, sha256 } = read(intermediate);
      return { intermediates: [], missing: [{ commonName: commonName ?? '', sha256 }] };
    }),
  },
  {
    name: 'the roots’ certificates not at hand',
    check: 'path',
    offer: pinned(({ authority: { root, intermediate }, chinese }) => {
      const { commonName, sha256 } = read(root);
      const missing = [{ commonName: commonName ?? '', sha256 }];
      return { anchors: [read(chinese.root)], intermediates: [read(intermediate)], missing };
    }),
  },
];

export const EXPIRED: readonly Mutation[] = [
  {
    name: 'the leaf ended an hour ago',
    check: 'path',
    attack: 'certificate expired',
    offer: signedBy({ notBefore: AT - 180 * DAY, notAfter: AT - HOUR }),
  },
  {
    name: 'the leaf ended a second ago',
    check: 'path',
    attack: 'certificate expired',
    offer: signedBy({ notBefore: AT - 180 * DAY, notAfter: AT - SECOND }),
  },
  { name: 'the genuine document, when its leaf has ended', check: 'path', offer: () => ({ at: AT + 121 * DAY }) },
  {
    name: 'the intermediate ended',
    check: 'path',
    offer: withIntermediate({ notBefore: AT - 365 * DAY, notAfter: AT - SECOND }),
  },
  {
    name: 'the anchor ended',
    check: 'path',
    offer: pinned(async ({ authority }) => {
      const { subject, keys } = authority.root;
      const basicConstraints = { ca: true };
      const ended = await authority.issue({
        subject,
        keys,
        notBefore: AT - 365 * DAY,
        notAfter: AT - SECOND,
        basicConstraints,
      });
      return { anchors: [read(ended)] };
    }),
  },
];

export const NOT_YET_VALID: readonly Mutation[] = [
  {
    name: 'the leaf begins in an hour',
    check: 'path',
    attack: 'certificate not yet valid',
    offer: signedBy({ notBefore: AT + HOUR, notAfter: AT + 180 * DAY }),
  },
  {
    name: 'the leaf begins in a second',
    check: 'path',
    attack: 'certificate not yet valid',
    offer: signedBy({ notBefore: AT + SECOND, notAfter: AT + 180 * DAY }),
  },
  { name: 'the genuine document, when its leaf had not begun', check: 'path', offer: () => ({ at: AT - 61 * DAY }) },
  {
    name: 'the intermediate begins later',
    check: 'path',
    offer: withIntermediate({ notBefore: AT + SECOND, notAfter: AT + 365 * DAY }),
  },
];

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';
const BASIC_CONSTRAINTS = encodeElement(0x30);
const EMPTY_KEY_USAGE = encodeElement(0x03, Uint8Array.of(0));

/** What is wrong with the signer's certificate. */
const LEAVES: readonly (readonly [name: string, change: LeafChange, attack?: Mutation['attack']])[] = [
  ['a CA', { basicConstraints: { ca: true } }, 'leaf used as CA'],
  ['that may sign certificates', { keyUsage: ['digitalSignature', 'keyCertSign'] }, 'leaf used as CA'],
  ['with a path length', { basicConstraints: { ca: false, pathLength: 0 } }],
  [
    'with an unknown critical extension',
    { moreExtensions: [extension('1.2.3.4', true)] },
    'unknown critical extension',
  ],
  ['with an extension twice', { moreExtensions: [extension('2.5.29.19', true, BASIC_CONSTRAINTS)] }],
  ['with name constraints', { moreExtensions: [permitDns(AZURE_CLOUDS.AzurePublicCloud)] }],
  ['with policy constraints', { moreExtensions: [POLICY_CONSTRAINTS] }],
  ['for clients', { extendedKeyUsage: [CLIENT_AUTH] }, 'wrong EKU'],
  ['for any purpose', { extendedKeyUsage: [ANY_PURPOSE] }, 'wrong EKU'],
  ['for no stated purpose', { extendedKeyUsage: undefined }, 'wrong EKU'],
  ['that may not sign', { keyUsage: ['keyEncipherment'] }],
  ['without key usage', { keyUsage: undefined }],
  ['with an empty key usage', { keyUsage: undefined, moreExtensions: [extension('2.5.29.15', true, EMPTY_KEY_USAGE)] }],
  ['signed with SHA-1', { signatureAlgorithm: 'rsa-sha1' }, 'SHA-1'],
  ['signed with MD5', { signatureAlgorithm: 'rsa-md5' }, 'MD5'],
  ['signed with RSA-PSS', { signatureAlgorithm: 'rsa-pss' }, 'RSA-PSS'],
  ['of version 1', { change: (certificate) => void (certificate.version = 0) }],
  ['of version 2', { change: (certificate) => void (certificate.version = 1) }],
  [
    'whose two signature algorithms differ',
    { changeSigned: ({ signatureAlgorithm }) => void (signatureAlgorithm.algorithmId = '1.2.840.113549.1.1.11') },
  ],
  ['whose signature is altered', { changeSigned: flipSignature }],
  [
    'whose signature is empty',
    { changeSigned: ({ signatureValue }) => void (signatureValue.valueBlock.valueHexView = new Uint8Array()) },
  ],
  [
    'with the serial number 0',
    { change: (certificate) => void (certificate.serialNumber = new asn1js.Integer({ value: 0 })) },
  ],
  ['with a serial number of 21 octets', { serial: '41'.repeat(21) }],
];

/** What is wrong with the signer's key. The document's signature claims to be RSA's all the same. */
const LEAF_KEYS: readonly (readonly [kind: KeyKind, attack?: Mutation['attack']])[] = [
  ['rsa-1024', 'RSA-1024'],
  ['rsa-2048-exponent-3', 'exponent 3 forgeries'],
  ['p-256', 'ECDSA'],
  ['p-384', 'ECDSA'],
  ['ed25519', 'Ed25519'],
];

const SCHEMES: Partial<Record<KeyKind, SignatureAlgorithmName>> = {
  'p-256': 'ecdsa-sha256',
  'p-384': 'ecdsa-sha384',
  ed25519: 'ed25519',
};

/** What is wrong with the certificate of the pinned intermediate; the genuine leaf stands under it. */
const INTERMEDIATES: readonly (readonly [name: string, change: CaChange, attack?: Mutation['attack']])[] = [
  ['not a CA', { basicConstraints: { ca: false } }],
  ['without basic constraints', { basicConstraints: undefined }],
  ['that may not sign certificates', { keyUsage: ['digitalSignature', 'cRLSign'] }],
  [
    'with an unknown critical extension',
    { moreExtensions: [extension('1.2.3.4', true)] },
    'unknown critical extension',
  ],
  ['for clients', { extendedKeyUsage: [CLIENT_AUTH] }, 'wrong EKU'],
  ['confined to another domain', { moreExtensions: [permitDns('example')] }],
  ['with policy constraints', { moreExtensions: [POLICY_CONSTRAINTS] }],
  ['signed with SHA-1', { signatureAlgorithm: 'rsa-sha1' }, 'SHA-1'],
  ['of version 1', { change: (certificate) => void (certificate.version = 0) }],
  ['whose signature is altered', { changeSigned: flipSignature }],
];

/** Under a CA of another key, pinned beside the genuine ones. */
const CA_KEYS: readonly (readonly [kind: KeyKind, attack?: Mutation['attack']])[] = [
  ['rsa-1024', 'RSA-1024'],
  ['rsa-2048-exponent-3', 'exponent 3 forgeries'],
  ['p-384', 'ECDSA'],
];

const CHAINS: readonly Mutation[] = [
  {
    name: 'under a pinned CA below one whose path length is 0',
    check: 'path',
    attack: 'pathLen broken',
    offer: async (scene) => {
      const below = await issueCaBelow(scene);
      return signedUnder(scene, [below], { issuer: below });
    },
  },
  {
    name: 'under another leaf, which somebody pinned',
    check: 'path',
    attack: 'leaf used as CA',
    offer: (scene) => signedUnder(scene, [scene.leaf], { issuer: scene.leaf, keys: scene.twin.keys }),
  },
  {
    name: 'under the root itself',
    check: 'path',
    feature: 'issuingCas',
    offer: async (scene) => {
      const { root, intermediate } = scene.authority;
      const leaf = await scene.authority.issueLeaf({ issuer: root });
      return {
        evidence: scene.make({ leaf }),
        pins: { intermediates: [read(intermediate)] },
      };
    },
  },
  {
    name: 'under the cross-certificate of a root',
    check: 'path',
    offer: async (scene) => {
      const { root, secondRoot, crossSignedRoot, intermediate } = scene.authority;
      const leaf = await scene.authority.issueLeaf({ issuer: root });
      const intermediates = [crossSignedRoot, intermediate].map(read);
      const rootKeys = new Set([read(root).spkiSha256]);
      // The root is pinned, and its own certificate is not at hand.
      return { evidence: scene.make({ leaf }), pins: { anchors: [read(secondRoot)], intermediates, rootKeys } };
    },
  },
  {
    name: 'by an impostor who does not say which key it was',
    check: 'path',
    offer: signedBy(({ impostor }) => ({ issuer: impostor.intermediate, keyIdentifiers: false })),
  },
  {
    name: 'under one of 2,000 pinned CAs of one name, or none of them',
    check: 'path',
    attack: '2,000 look-alike CAs',
    offer: async (scene) => {
      const { authority, impostor, stranger } = scene;
      const { intermediates, ...pins } = pinsOf(authority);
      const many = [...intermediates, ...lookAlikes(impostor.intermediate, 2000)];
      const issuer = { subject: authority.intermediate.subject, keys: stranger.root.keys };
      const leaf = await authority.issueLeaf({ issuer, keyIdentifiers: false });
      return { evidence: scene.make({ leaf }), pins: { ...pins, intermediates: many } };
    },
  },
  ...CA_KEYS.map(([kind, attack]): Mutation => {
    const offer = async (scene: Scene) => {
      const keys = await scene.authority.keys('ca', kind);
      const issuer = await issueCaBelow(scene, { keys, issuer: scene.authority.root });
      return signedUnder(scene, [issuer], { issuer });
    };
    return { name: `under a pinned CA with a key of ${kind}`, check: 'path', offer, ...(attack && { attack }) };
  }),
];

export const PATH_INVALID: readonly Mutation[] = [
  ...LEAVES.map(([name, change, attack]): Mutation => {
    return { name: `a leaf ${name}`, check: 'path', offer: signedBy(change), ...(attack && { attack }) };
  }),
  ...LEAF_KEYS.map(([kind, attack]): Mutation => {
    const offer = remade(async ({ authority }) => {
      const leaf = await authority.issueLeaf({ keys: await authority.keys('odd', kind) });
      return { leaf, scheme: SCHEMES[kind] ?? 'rsa-sha256' };
    });
    return { name: `a leaf with a key of ${kind}`, check: 'path', offer, ...(attack && { attack }) };
  }),
  {
    name: 'a leaf with exponent 3, and a forged signature',
    check: 'path',
    attack: 'exponent 3 forgeries',
    offer: remade(async ({ authority, content }) => {
      const leaf = await authority.issueLeaf({ keys: await authority.keys('odd', 'rsa-2048-exponent-3') });
      const signature = forgeWithExponent3(Buffer.from(JSON.stringify(content)));
      return { leaf, change: replaceSignature(() => signature) };
    }),
  },
  ...INTERMEDIATES.map(([name, change, attack]): Mutation => {
    return {
      name: `an intermediate ${name}`,
      check: 'path',
      offer: withIntermediate(change),
      ...(attack && { attack }),
    };
  }),
  ...CHAINS,
];
