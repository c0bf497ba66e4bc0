import { createHmac } from 'node:crypto';
import { OTHER_VM_ID, PRODUCT } from '../../client/support/vectors.ts';
import { sign, signText } from './runFolders.ts';
import type { LicenceChange, RunFiles, TokenChange, Vendor } from './runFolders.ts';

/** A sound run folder with one thing changed, and what every program must say to it. */
export interface Row {
  readonly what: string;
  /** The files that differ; undefined ones are absent. */
  readonly change: (vendor: Vendor) => Promise<RunFiles> | RunFiles;
  /** What the program says on standard error; null where the software may run. */
  readonly says: RegExp | null;
}

const DAY = 86_400;

const row = (what: string, says: RegExp | null, change: Row['change']): Row => ({ what, change, says });

const NO_STATE = /: the state is ["']?paused["']?\.$/;
const NO_AGENT = /: no agent runs/;

/** What level 1 decides, and so level 2 too. */
export const STATE_ROWS: readonly Row[] = [
  row('licensed', null, () => ({})),
  row('in grace', null, () => ({ state: 'grace\n' })),
  row('licensed, without the end of the line', null, () => ({ state: 'licensed' })),
  row('25 minutes without the next check', null, (vendor) => ({ 'status.json': vendor.status(-25) })),
  ...['denied', 'not_in_azure', 'Licensed'].map((state) =>
    row(`the state ${state}`, new RegExp(state), () => ({ state: `${state}\n` })),
  ),
  row('a word of a later agent', NO_STATE, () => ({ state: 'paused\n' })),
  row('two words', /: (the state is|state has no word)/, () => ({ state: 'licensed denied\n' })),
  row('no word', /: (the state is|state has no word)/, () => ({ state: '' })),
  row('no state', /: state cannot be read/, () => ({ state: undefined })),
  row('a huge state', /state/, () => ({ state: 'licensed\n'.repeat(100_000) })),
  row('no status', /: status\.json cannot be read/, () => ({ 'status.json': undefined })),
  row('a huge status', /: status\.json is too long/, (vendor) => ({
    'status.json': ' '.repeat(70_000) + vendor.status(),
  })),
  row('a status without a next check', /: status\.json/, (vendor) => ({
    'status.json': vendor.status(0, { nextCheckAt: undefined, features: {} }),
  })),
  row('a next check that is no time', /: status\.json/, (vendor) => ({
    'status.json': vendor.status(0, { nextCheckAt: 'soon' }),
  })),
  row('a status that is no JSON', /: status\.json/, () => ({ 'status.json': 'licensed' })),
  row('31 minutes without the next check', NO_AGENT, (vendor) => ({ 'status.json': vendor.status(-31) })),
  row('a week without the next check', NO_AGENT, (vendor) => ({ 'status.json': vendor.status(-7 * 24 * 60) })),
];

type Made<T> = T | ((vendor: Vendor) => T);

function made<T extends object>(change: Made<T>, vendor: Vendor): T {
  return typeof change === 'function' ? change(vendor) : change;
}

const keySet = (what: string, says: RegExp | null, change: Made<TokenChange>): Row =>
  row(`key set: ${what}`, says, async (vendor) => ({ 'jwks.jwt': await vendor.keySet(made(change, vendor)) }));

const licence = (what: string, says: RegExp | null, change: Made<LicenceChange>): Row =>
  row(`licence: ${what}`, says, async (vendor) => ({ 'licence.jwt': await vendor.licence(made(change, vendor)) }));

const NO_SET = /: jwks\.jwt is no signed key set\.$/;
const OTHER_ROOT = /: the key set is signed by another root key\.$/;
const BAD_SET = /: the signature of jwks\.jwt is wrong\.$/;
const OTHER_ISSUER = /: the key set is of another issuer\.$/;
const LONG_SET = /: the key set lasts too long\.$/;
const NO_TIME = /missing in/;
const NO_LICENCE = /: licence\.jwt is no licence\.$/;
const BAD_LICENCE = /: the signature of licence\.jwt is wrong\.$/;
const UNKNOWN_KEY = /: the licence is signed by a (root key|key that is not in the key set)\.$/;
const UNUSABLE_KEYS = /: the key set has unusable keys\.$/;
const OTHER_PRODUCT = /: the licence is for another product\.$/;
const LONG_LICENCE = /: the licence lasts longer than the key set allows\.$/;
const ENDED = /: the licence and its grace have ended\.$/;
const OTHER_VM = /: the licence is for another VM\.$/;
const TWO_VMS = /: the licence names two VMs\.$/;
const UNREADABLE = /: (licence\.jwt is malformed|the signature of licence\.jwt is wrong)\.$/;
const MALFORMED = /: (licence|jwks)\.jwt is (malformed|too long)\.$/;

const OFF_CURVE = { kty: 'EC', crv: 'P-256', x: `${'A'.repeat(42)}E`, y: `${'A'.repeat(42)}E` };
const RSA = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'another', use: 'sig', alg: 'RS256' };

const SETS: readonly Row[] = [
  keySet('under the second root', null, (vendor) => ({ key: vendor.secondRoot })),
  keySet('92 days long', null, ({ now }) => ({ claims: { iat: now - DAY, exp: now + 91 * DAY } })),
  keySet('with keys of other kinds beside', null, ({ key }) => ({ claims: { keys: [RSA, OFF_CURVE, key.jwk] } })),
  keySet('ended after the licence was issued', null, ({ now }) => ({ claims: { iat: now - DAY, exp: now - 60 } })),
  keySet('by another root', OTHER_ROOT, (vendor) => ({ key: vendor.stranger })),
  keySet("another root with our root's name", OTHER_ROOT, ({ stranger, root }) => ({
    key: stranger,
    header: { kid: root.kid },
  })),
  keySet('our root in the header of a stranger', BAD_SET, ({ stranger, root }) => ({
    key: stranger,
    header: { kid: root.kid, jwk: root.jwk },
  })),
  keySet('alg none', NO_SET, { header: { alg: 'none' } }),
  keySet('alg HS256', NO_SET, { header: { alg: 'HS256' } }),
  keySet('another typ', NO_SET, { header: { typ: 'JWT' } }),
  keySet('crit', NO_SET, { header: { crit: ['x'], x: 1 } }),
  keySet('a further member of jwk', /: (jwks|the key set)/, ({ root }) => ({
    header: { jwk: { ...root.jwk, use: 'sig' } },
  })),
  keySet('a jwk of another curve', /: (jwks|the key set)/, ({ root }) => ({
    header: { jwk: { ...root.jwk, crv: 'P-384' } },
  })),
  keySet('a jwk of another kind', /: (jwks|the key set)/, { header: { jwk: RSA } }),
  keySet('a jwk that is no base64url', /: (jwks|the key set)/, ({ root }) => ({
    header: { jwk: { ...root.jwk, x: '\ud800'.repeat(43) } },
  })),
  keySet('a point that is cut elsewhere', /: (jwks|the key set)/, ({ stranger }) => {
    const point = Buffer.concat([stranger.jwk.x, stranger.jwk.y].map((text) => Buffer.from(text, 'base64url')));
    const [x, y] = [point.subarray(0, 33), point.subarray(33)].map((half) => half.toString('base64url'));
    return { key: stranger, header: { kid: '', jwk: { ...stranger.jwk, x, y } } };
  }),
  keySet('no kid', NO_SET, { header: { kid: undefined } }),
  keySet('another iss', OTHER_ISSUER, { claims: { iss: 'https://other.example.test' } }),
  keySet('another sub', OTHER_ISSUER, { claims: { sub: 'https://other.example.test' } }),
  keySet('a second too long', LONG_SET, ({ now }) => ({ claims: { iat: now - DAY, exp: now + 91 * DAY + 1 } })),
  keySet('no life', NO_TIME, { claims: { life: undefined } }),
  keySet(
    'ended before the licence was issued',
    /: the licence was issued after the end of the key set\.$/,
    ({ now }) => ({
      claims: { iat: now - DAY, exp: now - 1801 },
    }),
  ),
  keySet('without the key', UNKNOWN_KEY, ({ stranger }) => ({ claims: { keys: [stranger.jwk] } })),
  keySet('the name of the key on another', UNKNOWN_KEY, ({ stranger, key }) => ({
    claims: { keys: [{ ...stranger.jwk, kid: key.kid }] },
  })),
  keySet('the key is for encryption', UNKNOWN_KEY, ({ key }) => ({ claims: { keys: [{ ...key.jwk, use: 'enc' }] } })),
  keySet('the key is for another algorithm', UNKNOWN_KEY, ({ key }) => ({
    claims: { keys: [{ ...key.jwk, alg: 'ES384' }] },
  })),
  keySet('a private key', UNUSABLE_KEYS, ({ key }) => ({ claims: { keys: [{ ...key.jwk, d: 'A' }] } })),
  keySet('keys that are no list', /: the (key set|licence)/, { claims: { keys: 'A' } }),
];

const LICENCES: readonly Row[] = [
  licence('the product in another case', null, { claims: { aud: PRODUCT.toUpperCase() } }),
  licence('expired, in grace', null, ({ now }) => ({
    claims: { iat: now - 2 * DAY, exp: now - DAY },
    terms: { renewAfter: now - DAY },
  })),
  licence('by a stranger', UNKNOWN_KEY, (vendor) => ({ key: vendor.stranger })),
  licence("a stranger with our key's name", BAD_LICENCE, ({ stranger, key }) => ({
    key: stranger,
    header: { kid: key.kid },
  })),
  licence('no kid', /: (licence\.jwt is no licence|the licence is signed by a key)/, { header: { kid: undefined } }),
  licence('an empty kid', /: the licence is signed by a (root )?key/, { header: { kid: '' } }),
  licence('alg none', NO_LICENCE, { header: { alg: 'none' } }),
  licence('another typ', NO_LICENCE, { header: { typ: 'JWT' } }),
  licence('crit', NO_LICENCE, { header: { crit: ['b64'], b64: true } }),
  licence('a key in its header', NO_LICENCE, ({ key }) => ({ header: { jwk: key.jwk } })),
  licence('another issuer', OTHER_PRODUCT, { claims: { iss: 'https://other.example.test' } }),
  licence('another product', OTHER_PRODUCT, { claims: { aud: 'contoso/gadget' } }),
  licence('products in a list', /: the (licence is for another product|claims of licence)/, {
    claims: { aud: [PRODUCT] },
  }),
  licence('no product', /: the (licence is for another product|claims of licence)/, { claims: { aud: undefined } }),
  licence('due after its end', LONG_LICENCE, ({ now }) => ({ terms: { renewAfter: now + 2 * DAY } })),
  licence('expires after its grace', LONG_LICENCE, ({ now }) => ({ claims: { exp: now + 9 * DAY } })),
  licence('longer than life', LONG_LICENCE, ({ now }) => ({ terms: { graceUntil: now - 1800 + 30 * DAY + 1 } })),
  licence('grace over', ENDED, ({ now }) => ({
    claims: { iat: now - 9 * DAY, exp: now - 8 * DAY },
    terms: { renewAfter: now - 8 * DAY, graceUntil: now - 60 },
  })),
  licence('a time as text', NO_TIME, ({ now }) => ({ claims: { iat: String(now) } })),
  licence('half a second', NO_TIME, ({ now }) => ({ claims: { exp: now + 0.5 } })),
  licence('no end of its grace', NO_TIME, { terms: { graceUntil: undefined } }),
  licence('no terms', /missing in|the claims of licence/, { claims: { licence: 'A' } }),
  licence('of another VM', OTHER_VM, {
    claims: { sub: `urn:azure:vm:${OTHER_VM_ID}` },
    azure: { vmId: OTHER_VM_ID },
  }),
  licence('another VM in sub', TWO_VMS, { claims: { sub: `urn:azure:vm:${OTHER_VM_ID}` } }),
];

type Respell = (parts: readonly [header: string, claims: string, signature: string], vendor: Vendor) => unknown;

const respelt = (what: string, says: RegExp, respell: Respell): Row =>
  row(`licence: ${what}`, says, async (vendor) => {
    const [header = '', claims = '', signature = ''] = (await vendor.licence()).split('.');
    return { 'licence.jwt': String(await respell([header, claims, signature], vendor)) };
  });

const text = (value: string): string => Buffer.from(value).toString('base64url');

/** @returns the same last octet by another spelling: two or four of its bits are of no value */
const withOtherBits = (base64url: string): string =>
  base64url.slice(0, -1) + String.fromCharCode(base64url.charCodeAt(base64url.length - 1) + 1);

/** @returns so many octets more, or less */
const lengthen = (base64url: string, by: number): string =>
  Buffer.concat([Buffer.from(base64url, 'base64url'), Buffer.alloc(Math.max(by, 0))])
    .subarray(0, 64 + by)
    .toString('base64url');

const TOKENS: readonly Row[] = [
  respelt('other claims under the signature', BAD_LICENCE, ([header, claims, signature]) => {
    const other = Buffer.from(claims, 'base64url').toString().replace('"nodes":3', '"nodes":9');
    return [header, text(other), signature].join('.');
  }),
  respelt('alg none without a signature', /: licence\.jwt/, ([, claims]) => `${text('{"alg":"none"}')}.${claims}.`),
  respelt('HS256 under the public key', NO_LICENCE, ([, claims], { key }) => {
    const signed = `${text(JSON.stringify({ alg: 'HS256', typ: 'licence+jwt', kid: key.kid }))}.${claims}`;
    return `${signed}.${createHmac('sha256', Buffer.from(key.jwk.x, 'base64url')).update(signed).digest('base64url')}`;
  }),
  respelt('a signature of zeros', BAD_LICENCE, ([header, claims]) => `${header}.${claims}.${'A'.repeat(86)}`),
  respelt('a longer signature', BAD_LICENCE, ([header, claims, end]) => [header, claims, lengthen(end, 1)].join('.')),
  respelt('another spelling of its signature', UNREADABLE, ([header, claims, end]) =>
    [header, claims, withOtherBits(end)].join('.'),
  ),
  respelt('padding', UNREADABLE, (parts) => `${parts.join('.')}==`),
  respelt('the alphabet of base64', UNREADABLE, ([header, claims]) => `${header}.${claims}.${'+/'.repeat(43)}`),
  respelt('the end of a line within', MALFORMED, (parts) => parts.join('.\n')),
  respelt('a fourth part', MALFORMED, (parts) => `${parts.join('.')}.AAAA`),
  respelt('two parts', MALFORMED, ([header, claims]) => `${header}.${claims}`),
  respelt('a header that is a list', MALFORMED, ([, claims], { key }) =>
    signText(`${text('["ES256"]')}.${claims}`, key.privateKey),
  ),
  respelt('a header that is no JSON', MALFORMED, ([, claims], { key }) =>
    signText(`${text('{"alg":"ES256"')}.${claims}`, key.privateKey),
  ),
  respelt('a header that is very deep', /: licence\.jwt is/, ([, claims], { key }) =>
    signText(`${text(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)}.${claims}`, key.privateKey),
  ),
  respelt('claims that are a text', MALFORMED, ([header], { key }) =>
    signText(`${header}.${text('"A"')}`, key.privateKey),
  ),
  row('a huge licence', MALFORMED, async (vendor) => ({
    'licence.jwt': await vendor.licence({ claims: { more: 'A'.repeat(3_000_000) } }),
  })),
  row('a huge key set', MALFORMED, async (vendor) => ({
    'jwks.jwt': await vendor.keySet({ claims: { more: 'A'.repeat(13_000) } }),
  })),
  row('a licence in the place of the key set', NO_SET, async (vendor) => ({ 'jwks.jwt': await vendor.licence() })),
  row('a key set in the place of the licence', NO_LICENCE, async ({ root, key }) => ({
    'licence.jwt': await sign({ alg: 'ES256', typ: 'jwk-set+jwt', kid: key.kid, jwk: root.jwk }, {}, key),
  })),
  row('no licence', /: licence\.jwt cannot be read/, () => ({ 'licence.jwt': undefined })),
  row('no key set', /: jwks\.jwt cannot be read/, () => ({ 'jwks.jwt': undefined })),
];

const ROOT_AS_KEY = row('a licence by the root itself', UNKNOWN_KEY, async (vendor) => ({
  'jwks.jwt': await vendor.keySet({ claims: { keys: [vendor.root.jwk, vendor.secondRoot.jwk, vendor.key.jwk] } }),
  'licence.jwt': await vendor.licence({ key: vendor.root }),
}));

/** What level 2 decides. */
export const TOKEN_ROWS: readonly Row[] = [...SETS, ...LICENCES, ...TOKENS, ROOT_AS_KEY];
