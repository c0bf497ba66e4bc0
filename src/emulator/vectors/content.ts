import * as pkijs from 'pkijs';
import * as changes from '../documents/documentChanges.ts';
import { documentContent } from '../documents/documentContent.ts';
import type { DocumentContent } from '../documents/documentContent.ts';
import { usualAttributes } from '../documents/signedAttributes.ts';
import { signOctets } from '../authority/signatureAlgorithms.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import { changed, remade, saying, signedBy } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import { AT, CREATED_ON, DAY, HOUR, MINUTE, NONCE, SECOND } from './scene.ts';
import type { Offer, Scene } from './scene.ts';
import { addModulus, forgeWithExponent3 } from './forgery.ts';

/** Changes of the content and of the signature over it: the checks `signature`, `reading`, `content`, `time` and `nonce`. */

/** A document whose signature, with the modulus added to it, still fits into as many octets. */
function withModulusAdded(scene: Scene): Offer {
  const { leaf, content } = scene;
  for (let round = 0; ; round++) {
    const other = { ...content, sku: `sku-${round}` };
    const signature = signOctets('rsa-sha256', Buffer.from(JSON.stringify(other)), leaf.keys.privateKey);
    const sum = addModulus(signature, leaf.keys.publicKey);
    if (sum !== null) return { evidence: scene.make({ content: other, change: changes.replaceSignature(() => sum) }) };
  }
}

export const SIGNATURE: readonly Mutation[] = [
  {
    name: 'another vmId',
    attack: 'content altered, signature kept',
    check: 'signature',
    offer: changed(changes.alterContent),
  },
  {
    name: 'other content altogether',
    attack: 'content altered, signature kept',
    check: 'signature',
    offer: changed(changes.replaceContent(Buffer.from('{}'))),
  },
  {
    name: 'the attacker’s signature under the genuine leaf',
    attack: 'genuine leaf with the attacker’s signature',
    check: 'signature',
    offer: remade(({ twin }) => ({ keys: twin.keys })),
  },
  {
    name: 'the signature of another document',
    check: 'signature',
    offer: remade(({ leaf }) => {
      const other = signOctets('rsa-sha256', Buffer.from('{}'), leaf.keys.privateKey);
      return { change: changes.replaceSignature(() => other) };
    }),
  },
  { name: 'the signature altered', check: 'signature', offer: changed(changes.alterSignature) },
  {
    name: 'the signature empty',
    attack: 'signature empty',
    check: 'signature',
    offer: changed(changes.emptySignature),
  },
  { name: 'the signature zero', attack: 'signature zero', check: 'signature', offer: changed(changes.zeroSignature) },
  {
    name: 'the signature one',
    attack: 'signature zero',
    check: 'signature',
    offer: changed(changes.replaceSignature(({ length }) => new Uint8Array(length).fill(1, -1))),
  },
  {
    name: 'the signature short',
    attack: 'signature short',
    check: 'signature',
    offer: changed(changes.shortSignature),
  },
  {
    name: 'the signature longer',
    attack: 'signature longer',
    check: 'signature',
    offer: changed(changes.longSignature),
  },
  {
    name: 'the signature longer behind',
    attack: 'signature longer',
    check: 'signature',
    offer: changed(changes.replaceSignature((signature) => Buffer.concat([signature, Uint8Array.of(0)]))),
  },
  { name: 'the signature and the modulus added up', check: 'signature', offer: withModulusAdded },
  { name: 'SHA-1, and not said so', attack: 'SHA-1', check: 'signature', offer: remade({ scheme: 'rsa-sha1' }) },
  { name: 'MD5, and not said so', attack: 'MD5', check: 'signature', offer: remade({ scheme: 'rsa-md5' }) },
  { name: 'SHA-512, and not said so', check: 'signature', offer: remade({ scheme: 'rsa-sha512' }) },
  { name: 'RSA-PSS, and not said so', attack: 'RSA-PSS', check: 'signature', offer: remade({ scheme: 'rsa-pss' }) },
  {
    name: 'a forgery for exponent 3 under an ordinary key',
    attack: 'exponent 3 forgeries',
    check: 'signature',
    offer: remade(({ content }) => {
      const signature = forgeWithExponent3(Buffer.from(JSON.stringify(content)));
      return { change: changes.replaceSignature(() => signature) };
    }),
  },
];

/** In the year 50 of a GeneralizedTime: pkijs takes it for a year of the last century. */
function beginInYear50(certificate: pkijs.Certificate): void {
  const value = new Date(0);
  value.setUTCFullYear(50, 0, 1);
  certificate.notBefore = new pkijs.Time({ type: pkijs.TimeType.GeneralizedTime, value });
}

export const READING: readonly Mutation[] = [
  { name: 'a leaf of the year 50', check: 'reading', offer: signedBy({ change: beginInYear50 }) },
];

/** The genuine content with other members; `undefined` leaves one out. */
function withMembers(change: Readonly<Record<string, unknown>>): Mutation['offer'] {
  return saying((content) => ({ ...content, ...change }));
}

function withTimes(change: Readonly<Record<string, unknown>>): Mutation['offer'] {
  return saying((content) => ({ ...content, timeStamp: { ...content.timeStamp, ...change } }));
}

/** The genuine content's JSON, changed as text. */
function withText(change: (json: string) => string): Mutation['offer'] {
  return saying((content) => change(JSON.stringify(content)));
}

const DEEP = `${'['.repeat(5000)}${']'.repeat(5000)}`;
const OTHER_ID = '"vmId":"00000000-0000-4000-8000-000000000000"';

const TEXTS: readonly (readonly [name: string, change: (json: string) => string, attack?: Mutation['attack']])[] = [
  ['vmId twice, the wrong one first', (json) => json.replace('{', `{${OTHER_ID},`), 'two `vmId` keys'],
  ['vmId twice, the wrong one last', (json) => json.replace(/\}$/, `,${OTHER_ID}}`), 'two `vmId` keys'],
  ['vmId twice, once escaped', (json) => json.replace('{', `{${OTHER_ID.replace('v', '\\u0076')},`), 'two `vmId` keys'],
  ['a key twice inside', (json) => json.replace('"plan":{', '"plan":{"name":"other",')],
  ['nesting', (json) => json.replace('{', `{"more":${DEEP},`), 'deeply nested JSON'],
  ['an array around it', (json) => `[${json}]`],
  ['a second value behind it', (json) => `${json}{}`],
  ['no JSON', () => 'vmId=1'],
  ['only a space', () => ' '],
  ['text instead', () => '"vmId"'],
  ['a byte order mark', (json) => `\ufeff${json}`],
  ['a NUL behind it', (json) => `${json}\0`],
  ['half a surrogate pair', (json) => json.replace('{', '{"\\ud800":"",')],
];

const MEMBERS: readonly (readonly [name: string, change: Readonly<Record<string, unknown>>])[] = [
  ['vmId is no UUID', { vmId: '1' }],
  ['vmId with braces', { vmId: '{02aab8a4-74ef-476e-8182-f6d2ba4166a6}' }],
  ['vmId is a number', { vmId: 1 }],
  ['vmId is null', { vmId: null }],
  ['vmId is a list', { vmId: ['02aab8a4-74ef-476e-8182-f6d2ba4166a6'] }],
  ['subscriptionId is no UUID', { subscriptionId: 'subscription' }],
  ['sku is a number', { sku: 1 }],
  ['licenseType is null', { licenseType: null }],
  ['nonce is a number', { nonce: 1234567890 }],
  ['plan is text', { plan: 'plan' }],
  ['plan is null', { plan: null }],
  ['a member of plan is a boolean', { plan: { name: true } }],
  ['timeStamp is text', { timeStamp: '07/01/26 12:00:00 -0000' }],
];

const TIMES: readonly string[] = [
  '2026-07-01T12:00:00Z',
  '07/01/26 12:00:00',
  '07/01/26 12:00:00 +0000',
  '07/01/2026 12:00:00 -0000',
  '7/1/26 12:00:00 -0000',
  '02/30/26 12:00:00 -0000',
  '13/01/26 12:00:00 -0000',
  '07/01/26 24:00:00 -0000',
  '07/01/26 12:60:00 -0000',
  '07/01/26 12:00:60 -0000',
  '07/01/26 12:00:00 -0000 ',
  '',
];

export const CONTENT: readonly Mutation[] = [
  ...TEXTS.map(([name, change, attack]): Mutation => {
    return { name: `content: ${name}`, check: 'content', offer: withText(change), ...(attack && { attack }) };
  }),
  ...MEMBERS.map(([name, change]): Mutation => ({ name, check: 'content', offer: withMembers(change) })),
  ...TIMES.map((text): Mutation => {
    return { name: `createdOn is "${text}"`, check: 'content', offer: withTimes({ createdOn: text }) };
  }),
  { name: 'expiresOn is a number', check: 'content', offer: withTimes({ expiresOn: 1 }) },
  {
    name: 'octets that are no text',
    check: 'content',
    offer: saying(() => Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)),
  },
  {
    name: 'the signed attributes taken for the content',
    attack: 'signedAttrs removed and their DER used as content',
    check: 'content',
    offer: remade({ signedAttributes: usualAttributes, change: changes.takeAttributesForContent }),
  },
];

const MISSING = ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'] as const;

export const CLAIMS: readonly Mutation[] = [
  ...MISSING.map((claim): Mutation => {
    const attack = claim === 'subscriptionId' ? ({ attack: 'missing `subscriptionId`' } as const) : {};
    return { name: `no ${claim}`, check: 'content', offer: withMembers({ [claim]: undefined }), ...attack };
  }),
  {
    name: 'an old api-version',
    attack: 'missing `subscriptionId`',
    check: 'content',
    offer: saying(() =>
      documentContent({ vm: BUILT_IN_VMS[0].compute, apiVersion: '2018-10-01', createdOn: CREATED_ON, nonce: NONCE }),
    ),
  },
  { name: 'an empty vmId', check: 'content', offer: withMembers({ vmId: '' }) },
  { name: 'an empty subscriptionId', check: 'content', offer: withMembers({ subscriptionId: '' }) },
  { name: 'no createdOn', check: 'content', offer: withTimes({ createdOn: undefined }) },
  { name: 'no expiresOn', check: 'content', offer: withTimes({ expiresOn: undefined }) },
];

/** Made at one time, for so long. */
function made(createdOn: number, lifetime = 6 * HOUR): Mutation['offer'] {
  return saying(() => timedContent(createdOn, lifetime));
}

function timedContent(createdOn: number, lifetime = 6 * HOUR): DocumentContent {
  const vm = BUILT_IN_VMS[0].compute;
  return documentContent({ vm, apiVersion: '2025-04-07', nonce: NONCE, createdOn, lifetime });
}

export const TIMES_MALFORMED: readonly Mutation[] = [
  {
    name: 'expiresOn before createdOn',
    attack: '`createdOn` after `expiresOn`',
    check: 'time',
    offer: made(CREATED_ON, -SECOND),
  },
  {
    name: 'expiresOn at createdOn',
    attack: '`createdOn` after `expiresOn`',
    check: 'time',
    offer: made(CREATED_ON, 0),
  },
  { name: 'a lifetime of a day and a second', check: 'time', offer: made(CREATED_ON, DAY + SECOND) },
];

export const DOCUMENT_NOT_YET_VALID: readonly Mutation[] = [
  { name: 'created in an hour', attack: 'document from the future', check: 'time', offer: made(AT + HOUR) },
  {
    name: 'created a second beyond the skew',
    attack: 'document from the future',
    check: 'time',
    offer: made(AT + 2 * MINUTE + SECOND),
  },
];

export const DOCUMENT_EXPIRED: readonly Mutation[] = [
  { name: 'ended six hours ago', attack: 'expired document', check: 'time', offer: made(AT - 12 * HOUR) },
  {
    name: 'ended a second beyond the skew',
    attack: 'expired document',
    check: 'time',
    offer: made(AT - 6 * HOUR - 2 * MINUTE - SECOND),
  },
];

export const DOCUMENT_TOO_OLD: readonly Mutation[] = [
  { name: 'created an hour ago', attack: 'a replayed challenge', check: 'time', offer: made(AT - HOUR) },
  { name: 'a second older than the policy allows', check: 'time', offer: made(AT - 7 * MINUTE - SECOND) },
];

export const LEAF_ENDED_BEFORE: readonly Mutation[] = [
  {
    name: 'created after the leaf’s end',
    check: 'time',
    offer: remade(async ({ authority }) => ({
      leaf: await authority.issueLeaf({ notAfter: AT }),
      content: timedContent(AT + MINUTE),
    })),
  },
];

export const LEAF_BEGAN_AFTER: readonly Mutation[] = [
  { name: 'created before the leaf’s beginning', check: 'time', offer: signedBy({ notBefore: AT }) },
];

export const NONCES: readonly Mutation[] = [
  {
    name: 'the document of an earlier challenge',
    attack: 'a replayed challenge',
    check: 'nonce',
    offer: () => ({ nonce: '0987654321' }),
  },
  {
    name: 'the document of somebody else’s challenge',
    attack: 'a document for somebody else’s challenge',
    check: 'nonce',
    offer: withMembers({ nonce: '0000000000' }),
  },
  { name: 'a nonce that begins alike', check: 'nonce', offer: withMembers({ nonce: `${NONCE}0` }) },
  { name: 'an empty nonce', check: 'nonce', offer: withMembers({ nonce: '' }) },
  {
    name: 'no nonce, where none is required',
    check: 'nonce',
    offer: async (scene) => {
      const { evidence } = await withMembers({ nonce: undefined })(scene);
      return { ...(evidence && { evidence }), policy: { requiredClaims: ['vmId'] } };
    },
  },
];
