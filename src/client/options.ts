import { isAbsolute } from 'node:path';
import type { Adapters } from './adapters.ts';
import { REAL_ADAPTERS } from './adapters/real.ts';
import { ClientError } from './clientError.ts';
import { asObject } from './members.ts';
import type { JsonObject } from './members.ts';
import type { ReportProgress } from './progress.ts';
import { isCoordinate } from './tokens/es256.ts';
import { readUnsignedKeySet } from './trust/keySet.ts';
import type { JwkSet } from './trust/keySet.ts';
import type { Trust } from './trust/trust.ts';
import { CLIENT_NAME } from './version.ts';

/** What a client is told. */
export interface ClientOptions {
  /** The licence service's public base URL, exactly as it stands in licences; https except on a loopback address. */
  readonly issuer: string;
  /** `publisher/product` that the licence must be for. */
  readonly product: string;
  /** Absolute path of a folder of this program's own: its key, its licence. One folder for one product. */
  readonly folder: string;
  /** Whose keys count. Required, unless the issuer is a loopback address: then `first-use`. */
  readonly trust?: TrustOption;
  /** `publisher/product/plan` to ask for where the image has no plan of the vendor's. */
  readonly offer?: string;
  /** A name of this machine, shown to operators: one line, at most 64 characters. */
  readonly label?: string;
  /** This program's name and version, shown to operators. */
  readonly client?: string;
  /** How long a check may keep trying, in milliseconds. 90 s; never more than 10 s with a licence in hand. */
  readonly patienceMs?: number;
  /** Tries everything once, without waiting. */
  readonly once?: boolean;
  /** Is called with each step as it happens. */
  readonly progress?: ReportProgress;
  /** Another base URL of IMDS: an emulator. With a loopback issuer alone. */
  readonly imdsUrl?: string;
  /** Clocks, network, disk and key store, for tests and special networks. */
  readonly adapters?: Partial<Adapters>;
}

export type TrustOption =
  /** RFC 7638 thumbprints of the vendor's root keys. */
  | { readonly rootKeys: readonly string[] }
  /** The service's keys themselves: no other key is ever believed. */
  | { readonly keySet: JwkSet }
  /** Whoever can write the folder can forge any licence. */
  | 'first-use';

/** Options that were checked. */
export interface Settings {
  readonly issuer: string;
  readonly product: string;
  readonly folder: string;
  readonly trust: Trust;
  readonly offer: string | undefined;
  readonly label: string | undefined;
  readonly client: string;
  readonly patience: number;
  readonly once: boolean;
  readonly report: ReportProgress;
  readonly imdsUrl: string | undefined;
  readonly adapters: Adapters;
  /** An option that does not decide what is believed is wrong: a licence in hand counts, and no check is made. */
  readonly fault: ClientError | undefined;
}

const PATIENCE = 90_000;
const MAX_ROOT_KEYS = 8;
const MAX_LABEL = 64;
const PRODUCT = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;
const OFFER = /^[\w.-]{1,100}\/[\w.-]{1,100}\/[\w.-]{1,100}$/;
const CLIENT = /^[\x20-\x7e]{1,128}$/;
/** Controls, line ends, and format characters such as direction marks. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

interface Rule {
  readonly name: string;
  /** What it must be. */
  readonly text: string;
  readonly isSound: (value: unknown, options: JsonObject) => boolean;
}

const ADAPTERS: readonly string[] = [...Object.keys(REAL_ADAPTERS), 'keyStore'];

/** Without these it is not known whom to believe, or where a licence in hand is. */
const ESSENTIAL: readonly Rule[] = [
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
    isSound: (value, { issuer }) => (value === undefined ? isLoopback(issuer) : isTrust(value)),
  },
  { name: 'adapters', text: `an object with ${ADAPTERS.join(', ')}`, isSound: optional(isAdapters) },
];

const OTHERS: readonly Rule[] = [
  { name: 'offer', text: 'publisher/product/plan', isSound: optional((value) => matches(OFFER, value)) },
  { name: 'label', text: `one line of at most ${MAX_LABEL} printable characters`, isSound: optional(isLabel) },
  {
    name: 'client',
    text: 'at most 128 printable ASCII characters',
    isSound: optional((value) => matches(CLIENT, value)),
  },
  { name: 'patienceMs', text: 'milliseconds, not negative', isSound: optional(isDuration) },
  { name: 'once', text: 'true or false', isSound: optional((value) => typeof value === 'boolean') },
  { name: 'progress', text: 'a function', isSound: optional((value) => typeof value === 'function') },
  {
    name: 'imdsUrl',
    text: 'an http URL without query and trailing slash, and only with an issuer on a loopback address',
    isSound: (value, { issuer }) => value === undefined || (isPlainUrl(value, ['http:']) && isLoopback(issuer)),
  },
];

const NAMES: readonly string[] = [...ESSENTIAL, ...OTHERS].map(({ name }) => name);

/**
 * Programs in plain JavaScript call this too, so types are not relied on.
 *
 * @throws {ClientError} `options_invalid`, naming every option that is wrong; `shipped_key_set_unusable`
 */
export function parseOptions(options: ClientOptions): Settings {
  const given = asObject(options) ?? {};
  const essential = findWrong(ESSENTIAL, given);
  const wrong = [...essential, ...findWrong(OTHERS, given)];
  const texts = [...wrong.map(({ name, text }) => `${name}: ${text}`), ...findUnknown(given)];
  const fault = texts.length === 0 ? undefined : new ClientError('options_invalid', texts.join('; '));
  if (fault !== undefined && essential.length > 0) throw fault;
  const { issuer, product, folder, trust, adapters } = options;
  const names = wrong.map(({ name }) => name);
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
  return {
    ...{ issuer, product, folder, fault },
    ...applyDefaults(others),
    trust: parseTrust(trust),
    adapters: { ...REAL_ADAPTERS, ...adapters },
  };
}

function applyDefaults(
  options: Partial<ClientOptions>,
): Omit<Settings, 'issuer' | 'product' | 'folder' | 'trust' | 'adapters' | 'fault'> {
  return {
    offer: options.offer,
    label: options.label,
    client: options.client ?? CLIENT_NAME,
    patience: options.patienceMs ?? PATIENCE,
    once: options.once ?? false,
    report: options.progress ?? (() => undefined),
    imdsUrl: options.imdsUrl,
  };
}

function findWrong(rules: readonly Rule[], options: JsonObject): readonly Rule[] {
  return rules.filter(({ name, isSound }) => !isSound(options[name], options));
}

function findUnknown(options: JsonObject): string[] {
  return Object.keys(options)
    .filter((name) => !NAMES.includes(name))
    .map((name) => `${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}: no such option`);
}

function parseTrust(trust: TrustOption = 'first-use'): Trust {
  if (trust === 'first-use') return { kind: 'first-use' };
  if ('rootKeys' in trust) return { kind: 'rootKeys', rootKeys: [...trust.rootKeys] };
  try {
    return { kind: 'keySet', keySet: { ...readUnsignedKeySet(trust.keySet), kept: null } };
  } catch (error) {
    if (error instanceof ClientError) throw new ClientError('shipped_key_set_unusable');
    throw error;
  }
}

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

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isLabel(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || UNPRINTABLE.test(value)) return false;
  return value.normalize('NFC') === value && Array.from(value).length <= MAX_LABEL;
}

function isIssuer(value: unknown): boolean {
  return isPlainUrl(value, ['https:']) || (isPlainUrl(value, ['http:']) && isLoopback(value));
}

function isLoopback(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && LOOPBACK.test(new URL(value).hostname);
}

function isPlainUrl(value: unknown, protocols: readonly string[]): boolean {
  if (typeof value !== 'string' || value.endsWith('/') || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocols.includes(protocol) && [username, password, search, hash].every((part) => part === '');
}
