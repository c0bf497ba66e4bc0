import type { Adapters } from './adapters.ts';
import { REAL_ADAPTERS } from './adapters/real.ts';
import { createServiceFetch } from './adapters/serviceFetch.ts';
import { ClientError } from './clientError.ts';
import { asObject } from './members.ts';
import type { JsonObject } from './members.ts';
import { ESSENTIAL, listCertificates, NAMES, OTHERS } from './optionRules.ts';
import type { Rule } from './optionRules.ts';
import type { ReportProgress } from './progress.ts';
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
  /**
   * A claim code of the vendor's, which attaches this VM's subscription to a licence: 1 to 128 printable ASCII characters.
   * Without it, a line `countersign-claim=CODE` of the VM's user data counts, where there is no licence in hand.
   */
  readonly claim?: string;
  /** A name of this machine, shown to operators: one line, at most 64 characters. */
  readonly label?: string;
  /** This program's name and version, shown to operators. */
  readonly client?: string;
  /** `http://host:port` of a proxy for the service, with `user:password@` where it asks for them. Never for IMDS. */
  readonly proxy?: string;
  /** PEM certificates of authorities that are trusted for the service beside Node's own. */
  readonly ca?: string | readonly string[];
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
  readonly claim: string | undefined;
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
    adapters: { ...REAL_ADAPTERS, ...routeTo(others), ...withoutGaps(adapters) },
  };
}

function routeTo({ proxy, ca }: Partial<ClientOptions>): Partial<Adapters> {
  if (proxy === undefined && ca === undefined) return {};
  return { fetch: createServiceFetch({ proxy, ca: listCertificates(ca) }) };
}

/** A member that is there and undefined replaces nothing. */
function withoutGaps(adapters: Partial<Adapters> = {}): Partial<Adapters> {
  const members: readonly (readonly [string, unknown])[] = Object.entries(adapters);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function applyDefaults(
  options: Partial<ClientOptions>,
): Omit<Settings, 'issuer' | 'product' | 'folder' | 'trust' | 'adapters' | 'fault'> {
  return {
    offer: options.offer,
    claim: options.claim,
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
