import { X509Certificate } from 'node:crypto';
import * as changes from '../documents/documentChanges.ts';
import type { LeafChange } from '../authority/authority.ts';
import { encodeElement } from '../documents/der.ts';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { Attack } from './attacks.ts';
import { changed, remade, rewritten, signedBy } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import { issueLoop } from './certificates.ts';
import { AT_PATH, contentsChanged, nothing, tagged } from './derChanges.ts';

/** Changes of whose certificate comes along, and of the names in it: the checks `signer` and `cloud`. */

/** In the Names of the authority's CAs, which are PrintableStrings: country, organization, common name. */
const COMMON_NAME_VALUE = [2, 0, 1];
const UTF8_STRING = 0x0c;

export const SIGNER: readonly Mutation[] = [
  {
    name: 'no field of certificates',
    attack: 'no certificates',
    check: 'signer',
    offer: changed(changes.removeCertificates),
  },
  {
    name: 'an empty field of certificates',
    attack: 'no certificates',
    check: 'signer',
    offer: rewritten(AT_PATH.certificate, nothing),
  },
  {
    name: 'the same certificate twice',
    attack: 'two certificates',
    check: 'signer',
    offer: remade(({ leaf }) => ({ certificates: [leaf, leaf] })),
  },
  {
    name: 'its intermediate too',
    attack: 'two certificates',
    check: 'signer',
    offer: remade(({ leaf, authority }) => ({ certificates: [leaf, authority.intermediate] })),
  },
  {
    name: 'the genuine leaf first, the attacker’s second and named',
    attack: 'the genuine leaf first and the attacker’s second',
    check: 'signer',
    offer: remade(async ({ leaf, stranger }) => {
      const own = await stranger.issueLeaf();
      return { leaf: own, certificates: [leaf, own] };
    }),
  },
  {
    name: 'the genuine leaf first, its twin second',
    attack: 'the genuine leaf first and the attacker’s second',
    check: 'signer',
    offer: remade(({ leaf, twin }) => ({ certificates: [leaf, twin], keys: twin.keys })),
  },
  {
    name: 'the genuine leaf alone, another one named',
    check: 'signer',
    offer: remade(async ({ leaf, stranger }) => ({ leaf: await stranger.issueLeaf(), certificates: [leaf] })),
  },
  {
    name: 'another leaf of the same issuer named',
    check: 'signer',
    offer: remade(async ({ authority }) => ({ change: changes.nameSigner(await authority.issueLeaf()) })),
  },
  {
    name: 'another issuer with the same serial number named',
    check: 'signer',
    offer: remade(async ({ stranger, twin }) => {
      const { serialNumber: serial } = new X509Certificate(twin.der);
      return { change: changes.nameSigner(await stranger.issueLeaf({ serial })) };
    }),
  },
  {
    name: 'the issuer named in another kind of string',
    check: 'signer',
    offer: rewritten([...AT_PATH.signerIssuer, ...COMMON_NAME_VALUE], tagged(UTF8_STRING)),
  },
  {
    name: 'the serial number negative',
    check: 'signer',
    offer: rewritten(
      [...AT_PATH.signerIdentifier, 1],
      contentsChanged((serial) => serial.with(0, 0xbe)),
    ),
  },
  {
    name: 'a look-alike PKI, with its own root',
    attack: 'look-alike PKI with its own root embedded',
    check: 'signer',
    offer: remade(({ twin, impostor }) => ({ leaf: twin, certificates: [twin, impostor.intermediate, impostor.root] })),
  },
  {
    name: 'a leaf under the leaf, and both sent',
    attack: 'leaf used as CA',
    check: 'signer',
    offer: remade(async ({ authority, leaf, twin }) => {
      const below = await authority.issueLeaf({ issuer: leaf, keys: twin.keys });
      return { leaf: below, certificates: [below, leaf] };
    }),
  },
  {
    name: 'two CAs that issued each other, and both sent',
    attack: 'two CA certificates that issue each other',
    check: 'signer',
    offer: remade(async (scene) => {
      const { first, second } = await issueLoop(scene);
      const leaf = await scene.authority.issueLeaf({ issuer: first });
      return { leaf, certificates: [leaf, first, second] };
    }),
  },
];

type Names = NonNullable<LeafChange['names']>;

const DOMAIN = AZURE_CLOUDS.AzurePublicCloud;
const REGION = `eastus.${DOMAIN}`;
const dns = (...names: readonly string[]): Names => names.map((value) => ({ type: 'dns', value }));

/** The check `cloud`: the signer's certificate has these alternative names. */
const NAMES: readonly (readonly [name: string, names: Names, attack?: Attack])[] = [
  ['the domain inside another', dns(`${DOMAIN}.evil.example`), 'metadata.azure.com.evil.example'],
  [
    'the domain inside another, and the right one',
    dns(DOMAIN, `${DOMAIN}.evil.example`),
    'metadata.azure.com.evil.example',
  ],
  ['a longer label', dns(`evil${DOMAIN}`), 'evilmetadata.azure.com'],
  ['a longer label under a region', dns(`eastus.evil${DOMAIN}`, DOMAIN), 'evilmetadata.azure.com'],
  ['a wildcard', dns(`*.${DOMAIN}`, DOMAIN), '*.metadata.azure.com'],
  ['a wildcard inside', dns(`east*.${DOMAIN}`, DOMAIN), '*.metadata.azure.com'],
  ['a sibling domain', dns('storage.azure.com'), 'storage.azure.com'],
  ['a sibling domain, and the right one', dns(REGION, 'storage.azure.com'), 'storage.azure.com'],
  ['the parent domain', dns('azure.com')],
  ['only another name', dns('login.example'), 'right CN with wrong SAN'],
  ['a NUL behind the domain', dns(`${DOMAIN}\0.evil.example`), 'NUL in a name'],
  ['a NUL before the domain', dns(`evil.example\0.${DOMAIN}`, DOMAIN), 'NUL in a name'],
  ['a dot behind the domain', dns(`${DOMAIN}.`), 'trailing dot'],
  ['a dot behind the longer name', dns(`${REGION}.`, DOMAIN), 'trailing dot'],
  ['a dot before the domain', dns(`.${DOMAIN}`)],
  ['an empty label', dns(`eastus..${DOMAIN}`, DOMAIN)],
  ['a label of 64 characters', dns(`${'a'.repeat(64)}.${DOMAIN}`, DOMAIN)],
  ['a label that begins with a hyphen', dns(`-eastus.${DOMAIN}`, DOMAIN)],
  ['a label that ends with a hyphen', dns(`eastus-.${DOMAIN}`, DOMAIN)],
  ['an underscore', dns(`east_us.${DOMAIN}`, DOMAIN)],
  ['a space', dns(`east us.${DOMAIN}`, DOMAIN)],
  ['an empty name', dns('', DOMAIN)],
  ['two regions', dns(REGION, `westus.${DOMAIN}`)],
  ['the same region twice', dns(REGION, REGION, DOMAIN)],
  ['two clouds', dns(DOMAIN, AZURE_CLOUDS.AzureChinaCloud)],
  ['five names', dns(REGION, DOMAIN, DOMAIN, DOMAIN, DOMAIN)],
  ['an address too', [...dns(REGION, DOMAIN), { type: 'ip', value: '127.0.0.1' }]],
  ['a mail address too', [...dns(REGION, DOMAIN), { type: 'email', value: `vm@${DOMAIN}` }]],
  ['a URI too', [...dns(REGION, DOMAIN), { type: 'url', value: `http://${DOMAIN}/` }]],
  ['a directory name too', [...dns(REGION, DOMAIN), { type: 'dn', value: `CN=${DOMAIN}` }]],
  ['a registered identifier too', [...dns(REGION, DOMAIN), { type: 'id', value: '1.2.3' }]],
];

const SUBJECT_ALT_NAME = '2.5.29.17';
const octets = (text: string) => Buffer.from(text);

/** A subjectAltName of dNSNames in whatever octets. */
function rawNames(...names: readonly Uint8Array[]): LeafChange {
  const value = encodeElement(0x30, ...names.map((name) => encodeElement(0x82, name)));
  return { names: undefined, moreExtensions: [{ oid: SUBJECT_ALT_NAME, critical: false, value }] };
}

export const CLOUD: readonly Mutation[] = [
  ...NAMES.map(([name, names, attack]): Mutation => {
    return { name: `names: ${name}`, check: 'cloud', offer: signedBy({ names }), ...(attack && { attack }) };
  }),
  { name: 'names: none', check: 'cloud', attack: 'right CN with wrong SAN', offer: signedBy({ names: undefined }) },
  { name: 'names: an empty list', check: 'cloud', offer: signedBy(rawNames()) },
  {
    name: 'names: a letter that is only lower-cased to an ASCII one',
    check: 'cloud',
    // U+212A, the Kelvin sign, in UTF-8: toLowerCase makes a k of it.
    offer: signedBy(rawNames(octets(`\u212aorea.${DOMAIN}`), octets(DOMAIN))),
  },
  {
    name: 'names: an octet that is not IA5',
    check: 'cloud',
    offer: signedBy(rawNames(Buffer.concat([Uint8Array.of(0xe9), octets(`.${DOMAIN}`)]), octets(DOMAIN))),
  },
];

export const OTHER_CLOUD: readonly Mutation[] = [
  {
    name: 'the cloud is known, but nobody accepts it',
    check: 'cloud',
    offer: () => ({ policy: { acceptedClouds: [] } }),
  },
  {
    name: 'the cloud is not the one that is accepted',
    check: 'cloud',
    offer: () => ({ policy: { acceptedClouds: ['AzureChinaCloud'] } }),
  },
  {
    name: 'a rightly signed document of another cloud',
    check: 'cloud',
    offer: remade(async ({ chinese }) => ({ leaf: await chinese.issueLeaf({ region: 'chinanorth' }) })),
  },
];
