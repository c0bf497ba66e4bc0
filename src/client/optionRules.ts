import { isLoopback } from '../contract/loopback.ts';
import { X509Certificate } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { REAL_ADAPTERS } from './adapters/real.ts';
import { CLAIM_CODE } from './claimCode.ts';
import { asObject } from './members.ts';
import type { JsonObject } from './members.ts';
import { isCoordinate } from './tokens/es256.ts';

/** What each option must be. Programs in plain JavaScript give options too, so types are not relied on. */

const MAX_ROOT_KEYS = 8;
const MAX_LABEL = 64;
const MAX_CERTIFICATES = 64;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const PRODUCT = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;
const OFFER = /^[\w.-]{1,100}\/[\w.-]{1,100}\/[\w.-]{1,100}$/;
const CLIENT = /^[\x20-\x7e]{1,128}$/;
/** Controls, line ends, and format characters such as direction marks. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

export interface Rule {
  readonly name: string;
  /** What it must be. */
  readonly text: string;
  readonly isSound: (value: unknown, options: JsonObject) => boolean;
}

const ADAPTERS: readonly string[] = [...Object.keys(REAL_ADAPTERS), 'keyStore'];

/** Without these it is not known whom to believe, or where a licence in hand is. */
export const ESSENTIAL: readonly Rule[] = [
  {
    name: 'issuer',
    text: 'an https URL without query, fragment and trailing slash (http only on a loopback address)',
    isSound: isIssuer,
  },
  { name: 'product', text: 'publisher/product', isSound: (value) => matches(PRODUCT, value) },
  { name: 'folder', text: 'an absolute path', isSound: (value) => typeof value === 'string' && isAbsolute(value) },
  {
    name: 'trust',
    text: '{ rootKeys: [thumbprint, …] }, { keySet }, or "first-use"; may be left out where the issuer is a loopback address',
    isSound: (value, { issuer }) => (value === undefined ? isLoopbackUrl(issuer) : isTrust(value)),
  },
  { name: 'adapters', text: `an object with ${ADAPTERS.join(', ')}`, isSound: optional(isAdapters) },
];

export const OTHERS: readonly Rule[] = [
  { name: 'offer', text: 'publisher/product/plan', isSound: optional((value) => matches(OFFER, value)) },
  {
    name: 'claim',
    text: '1 to 128 printable ASCII characters',
    isSound: optional((value) => matches(CLAIM_CODE, value)),
  },
  { name: 'label', text: `one line of at most ${MAX_LABEL} printable characters`, isSound: optional(isLabel) },
  {
    name: 'client',
    text: 'at most 128 printable ASCII characters',
    isSound: optional((value) => matches(CLIENT, value)),
  },
  {
    name: 'proxy',
    text: 'http://host:port, and not together with adapters.fetch',
    isSound: (value, options) => value === undefined || (isProxy(value) && !hasOwnFetch(options)),
  },
  {
    name: 'ca',
    text: 'PEM certificates, and not together with adapters.fetch',
    isSound: (value, options) =>
      value === undefined || (listCertificates(value) !== undefined && !hasOwnFetch(options)),
  },
  { name: 'patienceMs', text: 'milliseconds, not negative', isSound: optional(isDuration) },
  { name: 'once', text: 'true or false', isSound: optional((value) => typeof value === 'boolean') },
  { name: 'progress', text: 'a function', isSound: optional((value) => typeof value === 'function') },
  {
    name: 'imdsUrl',
    text: 'an http URL without query and trailing slash, and only with an issuer on a loopback address',
    isSound: (value, { issuer }) => value === undefined || (isPlainUrl(value, ['http:']) && isLoopbackUrl(issuer)),
  },
];

export const NAMES: readonly string[] = [...ESSENTIAL, ...OTHERS].map(({ name }) => name);

function isTrust(value: unknown): boolean {
  if (value === 'first-use') return true;
  const { rootKeys, keySet, ...others } = asObject(value) ?? {};
  if (Object.keys(others).length > 0) return false;
  if (keySet !== undefined) return rootKeys === undefined && asObject(keySet) !== undefined;
  return (
    Array.isArray(rootKeys) && rootKeys.length > 0 && rootKeys.length <= MAX_ROOT_KEYS && rootKeys.every(isCoordinate)
  );
}

function optional(isSound: (value: unknown) => boolean): Rule['isSound'] {
  return (value) => value === undefined || isSound(value);
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isAdapters(value: unknown): boolean {
  const object = asObject(value);
  return object !== undefined && Object.keys(object).every((name) => ADAPTERS.includes(name));
}

function hasOwnFetch({ adapters }: JsonObject): boolean {
  return asObject(adapters)?.['fetch'] !== undefined;
}

/** User and password may stand in it; a path may not. */
function isProxy(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, pathname, search, hash, hostname } = new URL(value);
  return (
    protocol === 'http:' && hostname !== '' && [pathname, search, hash].every((part) => part === '' || part === '/')
  );
}

/** @returns undefined where the value is not certificates, or too many */
export function listCertificates(value: unknown): readonly string[] | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  const found = texts.flatMap((text) => (typeof text === 'string' ? (text.match(PEM_CERTIFICATE) ?? []) : []));
  const isSound =
    texts.every((text) => typeof text === 'string') && found.length > 0 && found.length <= MAX_CERTIFICATES;
  return isSound && found.every(isCertificate) ? found : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isLabel(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || UNPRINTABLE.test(value)) return false;
  return value.normalize('NFC') === value && Array.from(value).length <= MAX_LABEL;
}

function isIssuer(value: unknown): boolean {
  return isPlainUrl(value, ['https:']) || (isPlainUrl(value, ['http:']) && isLoopbackUrl(value));
}

function isLoopbackUrl(value: unknown): boolean {
  return typeof value === 'string' && isLoopback(value);
}

function isPlainUrl(value: unknown, protocols: readonly string[]): boolean {
  if (typeof value !== 'string' || value.endsWith('/') || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocols.includes(protocol) && [username, password, search, hash].every((part) => part === '');
}
