import { isAbsolute, join } from 'node:path';
import { ClientError } from './clientError.ts';
import { parseKeySet } from './keySet.ts';
import type { JwkSet, KeySet } from './keySet.ts';
import type { ReportProgress } from './progress.ts';
import { REAL_SURROUNDINGS } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { CLIENT_NAME } from './version.ts';

/** What `checkLicence` is told. */
export interface CheckOptions {
  /** The licence service's public base URL, exactly as it stands in licences; https except on a loopback address. */
  readonly issuer: string;
  /** `publisher/product` that the licence must be for. */
  readonly product: string;
  /** The plan to ask for where the image has none in Azure's word (custom images, development VMs, cluster nodes). */
  readonly plan?: string;
  /** Absolute path of a folder of this program's own: its key, its licence. One folder for one product. */
  readonly folder: string;
  /**
   * The service's key set, shipped with the software. Then no other key is ever believed, so ship the next one before the
   * service signs with it. Without it the set is fetched from the service with each renewal.
   */
  readonly keySet?: JwkSet;
  /** This program's name and version, shown to operators. */
  readonly client?: string;
  /** Try everything once, without waiting. */
  readonly once?: boolean;
  /** How long to keep trying, in milliseconds: for IMDS, and again for the service. 90 s; 10 s while a licence is valid. */
  readonly patience?: number;
  /** Another base URL of IMDS. For development only: an emulator. */
  readonly imdsUrl?: string;
  /** Told of each step as it happens. */
  readonly progress?: ReportProgress;
  /** Clocks, randomness and the way to the service, for tests and special networks. */
  readonly surroundings?: Partial<Surroundings>;
}

/** Options that were checked. */
export interface Settings {
  readonly issuer: string;
  readonly product: string;
  /** `publisher/product/plan` */
  readonly claimedProduct: string | undefined;
  readonly files: { readonly key: string; readonly licence: string; readonly newestTime: string };
  readonly keySet: KeySet | undefined;
  readonly client: string;
  readonly once: boolean;
  readonly patience: number;
  readonly imdsUrl: string | undefined;
  readonly report: ReportProgress;
  readonly surroundings: Surroundings;
}

const PATIENCE = 90_000;
const NAME = /^[\w.-]{1,100}$/;
const PRODUCT = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;
const CLIENT = /^[\x20-\x7e]{1,128}$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @throws {ClientError} `options_invalid`, naming every option that is wrong; `key_set_unusable` */
export async function parseOptions(options: CheckOptions): Promise<Settings> {
  const wrong = findWrongOptions(options);
  if (wrong.length > 0) throw new ClientError('options_invalid', wrong.join('; '));
  const { issuer, product, plan, folder, keySet } = options;
  return {
    issuer,
    product,
    claimedProduct: plan === undefined ? undefined : `${product}/${plan}`,
    files: {
      key: join(folder, 'key.pem'),
      licence: join(folder, 'licence.json'),
      newestTime: join(folder, 'newest-time'),
    },
    keySet: keySet === undefined ? undefined : await parseKeySet(keySet),
    client: options.client ?? CLIENT_NAME,
    once: options.once ?? false,
    patience: options.patience ?? PATIENCE,
    imdsUrl: options.imdsUrl,
    report: options.progress ?? (() => undefined),
    surroundings: { ...REAL_SURROUNDINGS, ...options.surroundings },
  };
}

/** Programs in plain JavaScript call this too, so types are not taken on trust. */
function findWrongOptions(options: CheckOptions): string[] {
  const { issuer, product, plan, folder, client, patience, imdsUrl } = options;
  const rules: readonly (readonly [boolean, string])[] = [
    [
      isIssuer(issuer),
      'issuer: an https URL without query, fragment and trailing slash (http only on a loopback address)',
    ],
    [matches(PRODUCT, product), 'product: publisher/product'],
    [plan === undefined || matches(NAME, plan), "plan: the plan's name alone"],
    [typeof folder === 'string' && isAbsolute(folder), 'folder: an absolute path'],
    [client === undefined || matches(CLIENT, client), 'client: at most 128 printable characters'],
    [patience === undefined || patience >= 0, 'patience: milliseconds, not negative'],
    [imdsUrl === undefined || isPlainUrl(imdsUrl, ['http:']), 'imdsUrl: an http URL without query and trailing slash'],
  ];
  return rules.filter(([sound]) => !sound).map(([, text]) => text);
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isIssuer(value: unknown): boolean {
  if (isPlainUrl(value, ['https:'])) return true;
  return isPlainUrl(value, ['http:']) && LOOPBACK.test(new URL(String(value)).hostname);
}

function isPlainUrl(value: unknown, protocols: readonly string[]): boolean {
  if (typeof value !== 'string' || value.endsWith('/') || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocols.includes(protocol) && [username, password, search, hash].every((part) => part === '');
}
