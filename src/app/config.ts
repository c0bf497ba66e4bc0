import { readdirSync } from 'node:fs';
import * as z from 'zod';
import { CLOUD_NAMES, EMULATOR_CLOUD } from '../contract/clouds.ts';
import { DEFAULT_LICENCE_LIFE, MAX_DURATION, SECOND, SHORTEST_LIFETIME } from '../contract/durations.ts';
import { isConnectionString } from '../tables/kit/connectionString.ts';
import { parseFormerKeys } from '../tokens/formerKeys.ts';
import { createLocalKeys } from '../tokens/localKeys.ts';
import { isThumbprint } from '../tokens/publicJwk.ts';
import { MAX_ROOTS } from '../tokens/rootKey.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { BASE_URL_FORM, MAX_URL, isBaseUrl } from '../contract/baseUrl.ts';
import type { ConsoleConfig } from '../contract/consolePages.ts';
import { isLoopback } from '../contract/loopback.ts';
import type { OperatorDirectory } from '../operators/access/checkToken.ts';
import { networkLimits } from '../http/networkLimits.ts';
import { describeKeyFault, readRootSource } from './rootSource.ts';
import type { TokenEndpoint } from './platformIdentity.ts';
import { findUnresolvedReference } from './settingReferences.ts';
import type { RunningApp } from './settingReferences.ts';
import type { RootSource } from './rootSource.ts';
import { readCertificateFile } from '../trust/certificateFiles.ts';
import { readSettingFile } from '../trust/settingFile.ts';

/** The settings cannot be used. One message names every problem, and no value of a secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const cloudList = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
  .refine((names) => names.every((name) => CLOUD_NAMES.includes(name)), `must be of ${CLOUD_NAMES.join(', ')}`);

const SECRET = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9_-]{43,})$/;

const secretList = z
  .string()
  .transform((text) => text.split(',').map((entry) => SECRET.exec(entry.trim())))
  .refine(
    (entries) => entries.length <= 2 && entries.every((entry) => entry !== null),
    'must be one or two KID:SECRET, comma-separated; each secret at least 32 random octets in base64url',
  )
  .refine(
    ([first, second]) => !first || !second || first[1] !== second[1],
    'has one KID twice: give each secret its own, so that tokens tell which one they are under',
  )
  .transform((entries) =>
    entries.map((entry) => ({ kid: entry?.[1] ?? '', secret: Buffer.from(entry?.[2] ?? '', 'base64url') })),
  );

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID')
  .transform((text) => text.toLowerCase());

const baseUrl = z.string().refine(isBaseUrl, BASE_URL_FORM);

const VAULT_KEY = /^\/keys\/[0-9A-Za-z-]{1,127}$/;
const VAULT_KEY_WITH_VERSION = /^\/keys\/[0-9A-Za-z-]{1,127}(?:\/[0-9a-f]{32})?$/;

/** A key’s URL as the vault shows it. */
function isVaultUrl(text: string, path: RegExp): boolean {
  if (text.length > MAX_URL || !URL.canParse(text)) return false;
  const { origin, protocol, pathname } = new URL(text);
  return protocol === 'https:' && path.test(pathname) && text === `${origin}${pathname}`;
}

/** One or two of something, each once. */
const pairOf = (isOne: (text: string) => boolean, what: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.length <= MAX_ROOTS && entries.every(isOne), `must be one or two ${what}`)
    .refine((entries) => new Set(entries).size === entries.length, 'has one entry twice: name each once');

/** Seconds: twice what caches keep the key set, so that clocks, proxies and a late reading fit in. */
const SHORTEST_LEAD = 600;

const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`);

/** Every setting, with what it means. The environment variables have the names of the members. */
const settingsSchema = z.object({
  ISSUER: baseUrl.describe('The service’s public base URL, a name of the vendor’s own: it lives in images for years.'),
  ACCEPTED_CLOUDS: cloudList.default(['AzurePublicCloud']).describe('Clouds whose evidence counts, comma-separated.'),
  TABLES_ENDPOINT: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .optional()
    .describe('The Azure Tables endpoint, reached by managed identity.'),
  TABLES_CONNECTION_STRING: z.string().optional().describe('Instead, for development: a connection string (Azurite).'),
  AZURE_CLIENT_ID: z.string().optional().describe('The user-assigned managed identity, where there is more than one.'),
  TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{0,20}$/, 'must be letters and digits')
    .optional()
    .describe('Put before the names of the tables, where several services share one account.'),
  STORE_BUDGET_MILLISECONDS: wholeNumber(100, 6_000)
    .default(5_000)
    .describe('How long one operation on the store may take, with its retries.'),
  SIGNING_KEY: z
    .string()
    .optional()
    .describe(
      'The signing key: an unencrypted PKCS#8 PEM or private JWK on P-256, or a JWK set of which the first key signs and all are published.',
    ),
  SIGNING_KEY_FILE: z.string().optional().describe('Instead: a file with it.'),
  SIGNING_KEY_URL: z
    .string()
    .refine((text) => isVaultUrl(text, VAULT_KEY), 'must be https://VAULT/keys/NAME, without a version')
    .optional()
    .describe('Instead: a key on P-256 in Azure Key Vault, reached by managed identity; it never leaves the vault.'),
  SIGNING_KEY_LEAD_SECONDS: wholeNumber(SHORTEST_LEAD, 31_536_000)
    .default(3600)
    .describe(
      'How long a new signing key is published before it signs: a new version of the key in the vault, or a key that is new in an uploaded key set.',
    ),
  FORMER_SIGNING_KEYS: z
    .string()
    .transform((text, context) => {
      const keys = parseFormerKeys(text);
      if (keys !== null) return keys;
      context.addIssue('must be what countersign restore --keys-out wrote: a JWK set of public keys, each with until');
      return z.NEVER;
    })
    .default([])
    .describe(
      'After a restore into another deployment: the public signing keys of the one before, as countersign restore --keys-out writes them. They are published until the last licence under them has ended, and never sign.',
    ),
  ROOT_KEY_URL: pairOf(
    (text) => isVaultUrl(text, VAULT_KEY_WITH_VERSION),
    'https://VAULT/keys/NAME, each with or without its version, comma-separated',
  )
    .optional()
    .describe(
      'The root key, which signs the key set: a key on P-256 in Azure Key Vault, best in a vault of its own. Two, comma-separated, while one replaces the other. Without a version it is the oldest one.',
    ),
  ROOT_KEY_FILE: z.string().optional().describe('Instead: a file with the root key, or two files, comma-separated.'),
  ROOT_KEY: z
    .string()
    .optional()
    .describe('Instead: the root key itself, an unencrypted PKCS#8 PEM or private JWK on P-256; or two, as a JWK set.'),
  ROOT_THUMBPRINTS: pairOf(isThumbprint, 'RFC 7638 thumbprints of 43 characters, comma-separated')
    .optional()
    .describe(
      'Instead: the thumbprint of a root key that stays offline, or two. An administrator uploads the key sets that it signs.',
    ),
  LICENCE_LIFE_SECONDS: wholeNumber(SHORTEST_LIFETIME / SECOND, (2 * MAX_DURATION) / SECOND)
    .default(DEFAULT_LICENCE_LIFE / SECOND)
    .describe(
      'The most seconds from the issue of a licence to the end of its grace (graceUntil). Offers with a longer lifetime and grace are refused, and signed key sets tell it to clients.',
    ),
  CHALLENGE_SECRETS: secretList.describe('One or two KID:SECRET; the first signs challenges, both verify.'),
  NONCE_STYLE: z
    .enum(['base32', 'digits'])
    .default('base32')
    .describe('The form of the nonce: 32 characters or ten digits.'),
  TRUSTED_PROXIES: wholeNumber(0, 10)
    .default(0)
    .describe('How many proxies of your own stand in front of the platform.'),
  RATE_LIMIT_PER_SECOND: wholeNumber(1, 100_000)
    .default(20)
    .describe('Requests a second that one client address may make; twice as many may come at once.'),
  ADDRESS_LIMITS: networkLimits
    .optional()
    .describe(
      'Other limits for the addresses of known networks: CIDR=REQUESTS_PER_SECOND, comma-separated. The longest prefix counts.',
    ),
  SUBSCRIPTION_RATE_LIMIT_PER_SECOND: wholeNumber(1, 100_000)
    .default(100)
    .describe(
      'Requests a second with authentic evidence of one subscription, on each instance; twice as many may come at once.',
    ),
  VM_RATE_LIMIT_PER_MINUTE: wholeNumber(1, 100_000)
    .default(10)
    .describe('Requests a minute with authentic evidence of one VM, on each instance.'),
  LOG_IDS: z
    .enum(['plain', 'hashed'])
    .default('plain')
    .describe(
      'How the log names VMs and subscriptions: `plain`, or `hashed`, so that readers of the log cannot tell which they are.',
    ),
  DECISION_DAYS: wholeNumber(1, 3_650).default(90).describe('Days that decisions (audit rows) are kept.'),
  REQUEST_DAYS: wholeNumber(1, 365).default(7).describe('Days that an operator’s Idempotency-Key is remembered.'),
  ACTIVATION_DAYS: wholeNumber(2, 3_650)
    .default(90)
    .describe(
      'Days that a VM without a seat is remembered after its lease and its grace; a blocked one is never forgotten.',
    ),
  USAGE_DAYS: wholeNumber(400, 3_650)
    .default(400)
    .describe('Days that the hours in which each VM was licensed are kept, for the usage export.'),
  TRUST_DIRECTORY: z
    .string()
    .optional()
    .describe('A directory with certificates of the pins, beside the packaged ones.'),
  EMULATOR_TRUST_FILE: z.string().optional().describe('The emulator’s CA certificates (PEM), for its cloud alone.'),
  ENTRA_TENANT: uuid
    .optional()
    .describe('The directory (tenant) whose operators are let in. Without it the operators’ routes do not exist.'),
  ENTRA_AUDIENCE: z
    .string()
    .optional()
    .describe('With it: the application (client) id of the operators’ API in that directory.'),
  ENTRA_ISSUER: baseUrl
    .optional()
    .describe('The directory’s issuer; unless set `https://login.microsoftonline.com/TENANT/v2.0`.'),
  ENTRA_KEY_SET: baseUrl
    .optional()
    .describe('Where the directory publishes its keys; unless set the issuer’s `discovery/v2.0/keys`.'),
  ENTRA_CONSOLE_CLIENT: uuid
    .optional()
    .describe(
      'The application (client) id by which people sign in to the console; unless set ENTRA_AUDIENCE. Its registration has the single-page application redirect URI `ISSUER/console/`.',
    ),
  ENTRA_CONSOLE_SCOPE: z
    .string()
    .regex(/^[!#-[\]-~]{1,256}$/, 'must be one scope, without spaces')
    .optional()
    .describe('The scope that the console asks for; unless set `ENTRA_AUDIENCE/.default`.'),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Names and meanings of all settings, for their documentation. */
export function listSettings(): readonly SettingDescription[] {
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const meaning = schema.description ?? '';
    if (!(schema instanceof z.ZodDefault)) return { name, meaning, otherwise: null };
    const value: unknown = schema.def.defaultValue;
    return { name, meaning, otherwise: Array.isArray(value) ? value.join(',') : String(value) };
  });
}

export interface SettingDescription {
  readonly name: string;
  readonly meaning: string;
  /** The default; null where there is none. */
  readonly otherwise: string | null;
}

/** The settings of a service that may start. */
export interface ServiceConfig extends Settings {
  /** Of ROOT_KEY_URL, ROOT_KEY_FILE, ROOT_KEY or ROOT_THUMBPRINTS. */
  readonly root: RootSource;
  /** Of SIGNING_KEY or SIGNING_KEY_FILE; null where SIGNING_KEY_URL names one in a vault. */
  readonly signingKey: string | null;
  /** Of EMULATOR_TRUST_FILE. */
  readonly emulatorCertificates: readonly Certificate[];
  /** Where the platform gives tokens; null where it has no endpoint for them. */
  readonly tokenEndpoint: TokenEndpoint | null;
  /** Null where no directory is named: then nobody is an operator. */
  readonly directory: OperatorDirectory | null;
  /** How people sign in to the console; null where nobody is an operator. */
  readonly console: ConsoleConfig | null;
}

/** The schema is used once, so that to compile it costs more than it gains. */
const ONCE = { jitless: true } as const;

/**
 * Reads and judges every setting at once.
 *
 * @throws {ConfigurationError} with all problems
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): ServiceConfig {
  const given = readGiven(environment);
  const parsed = settingsSchema.safeParse(given, ONCE);
  const issues = parsed.success ? [] : parsed.error.issues.map(describeIssue);
  // What is wrong with one setting hides nothing that is wrong with the others.
  const usable = parsed.success ? parsed.data : parseEach(given);
  const problems = [...issues, ...findConflicts(usable, given), ...findDirectoryConflicts(usable)];
  const { key: signingKey, kids: signingKids } = readSigningKey(given, problems);
  const root = readRoot(given, usable, { signingKids }, problems);
  const emulatorCertificates = readEmulatorCertificates(given, problems);
  const told = tellReferences(given, problems, environment);
  if (!parsed.success || told.length > 0) throw new ConfigurationError(told);
  const directory = describeDirectory(parsed.data);
  const console = directory === null ? null : describeConsole(parsed.data, directory);
  const tokenEndpoint = readTokenEndpoint(environment);
  return { ...parsed.data, signingKey, root, emulatorCertificates, tokenEndpoint, directory, console };
}

/** The platform sets both itself: they are no settings of the service. */
function readTokenEndpoint(environment: Readonly<Record<string, string | undefined>>): TokenEndpoint | null {
  const { IDENTITY_ENDPOINT: url = '', IDENTITY_HEADER: header = '' } = environment;
  return URL.canParse(url) && header !== '' ? { url, header } : null;
}

type SettingName = keyof typeof settingsSchema.shape;
/** As they stand in the environment; an empty one is an absent one. */
type Given = Readonly<Partial<Record<SettingName, string>>>;

function readGiven(environment: Readonly<Record<string, string | undefined>>): Given {
  const given = Object.entries(environment).filter(([name, value]) => isSettingName(name) && value !== '');
  return Object.fromEntries(given);
}

/** Of a setting that holds an unresolved reference, nothing else is told: its value is not known. */
function tellReferences(given: Given, problems: readonly string[], app: RunningApp): readonly string[] {
  const references = Object.entries(given).flatMap(([name, value]) => {
    const fault = findUnresolvedReference(value, app);
    return fault === null ? [] : [{ name, problem: `${name} ${fault}` }];
  });
  const isBeside = (problem: string) =>
    references.some(({ name }) => problem.startsWith(`${name} `) || problem.startsWith(`${name}:`));
  return [...references.map(({ problem }) => problem), ...problems.filter((problem) => !isBeside(problem))];
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingsSchema.shape, name);
}

/** The settings that can be used, where some cannot. */
function parseEach(given: Given): Partial<Settings> {
  const usable = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const parsed = schema.safeParse(given[name as SettingName]);
    return [name, parsed.success ? parsed.data : undefined];
  });
  return Object.fromEntries(usable) as Partial<Settings>;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.');
  return issue.code === 'invalid_type' ? `${name} is missing` : `${name} ${issue.message}`;
}

function findConflicts({ ISSUER, ACCEPTED_CLOUDS }: Partial<Settings>, given: Given): string[] {
  const problems: string[] = [];
  const acceptsEmulator = ACCEPTED_CLOUDS?.includes(EMULATOR_CLOUD.name);
  if ((given.TABLES_ENDPOINT === undefined) === (given.TABLES_CONNECTION_STRING === undefined)) {
    problems.push('exactly one of TABLES_ENDPOINT and TABLES_CONNECTION_STRING must be set');
  }
  if (given.TABLES_CONNECTION_STRING !== undefined && !isConnectionString(given.TABLES_CONNECTION_STRING)) {
    problems.push('TABLES_CONNECTION_STRING must be the connection string of a storage account, as Azure shows it');
  }
  if (acceptsEmulator === true && ISSUER !== undefined && !isLoopback(ISSUER)) {
    problems.push('ACCEPTED_CLOUDS holds "emulator", which is refused unless ISSUER is a loopback address');
  }
  if (acceptsEmulator !== undefined && acceptsEmulator !== (given.EMULATOR_TRUST_FILE !== undefined)) {
    problems.push('EMULATOR_TRUST_FILE goes with the cloud "emulator" in ACCEPTED_CLOUDS: set both or neither');
  }
  if (given.TRUST_DIRECTORY !== undefined && !isDirectory(given.TRUST_DIRECTORY)) {
    problems.push('TRUST_DIRECTORY names a directory that cannot be read');
  }
  return problems;
}

function isDirectory(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function findDirectoryConflicts({
  ISSUER,
  ENTRA_TENANT,
  ENTRA_AUDIENCE,
  ENTRA_ISSUER,
  ENTRA_KEY_SET,
  ENTRA_CONSOLE_CLIENT,
  ENTRA_CONSOLE_SCOPE,
}: Partial<Settings>) {
  const problems: string[] = [];
  const urls = [ENTRA_ISSUER, ENTRA_KEY_SET].filter((url) => url !== undefined);
  if ((ENTRA_TENANT === undefined) !== (ENTRA_AUDIENCE === undefined)) {
    problems.push('ENTRA_TENANT and ENTRA_AUDIENCE go together: set both or neither');
  }
  if (ENTRA_TENANT === undefined && urls.length > 0) {
    problems.push('ENTRA_ISSUER and ENTRA_KEY_SET mean nothing without ENTRA_TENANT');
  }
  if (ENTRA_TENANT === undefined && [ENTRA_CONSOLE_CLIENT, ENTRA_CONSOLE_SCOPE].some((given) => given !== undefined)) {
    problems.push('ENTRA_CONSOLE_CLIENT and ENTRA_CONSOLE_SCOPE mean nothing without ENTRA_TENANT');
  }
  if (urls.some(isLoopback) && ISSUER !== undefined && !isLoopback(ISSUER)) {
    problems.push('ENTRA_ISSUER or ENTRA_KEY_SET is a loopback address, which is refused unless ISSUER is one too');
  }
  return problems;
}

/** The paths are those of Entra ID (Microsoft identity platform, "OpenID Connect metadata document"). */
function describeDirectory(settings: Settings): OperatorDirectory | null {
  const { ENTRA_TENANT: tenant, ENTRA_AUDIENCE: audience } = settings;
  if (tenant === undefined || audience === undefined) return null;
  const issuer = settings.ENTRA_ISSUER ?? `https://login.microsoftonline.com/${tenant}/v2.0`;
  const keySetUrl = settings.ENTRA_KEY_SET ?? `${issuer.replace(/\/v2\.0$/, '')}/discovery/v2.0/keys`;
  return { tenant, audience, issuer, keySetUrl };
}

function describeConsole(settings: Settings, { issuer, audience }: OperatorDirectory): ConsoleConfig {
  return {
    authority: issuer,
    clientId: settings.ENTRA_CONSOLE_CLIENT ?? audience,
    scope: settings.ENTRA_CONSOLE_SCOPE ?? `${audience}/.default`,
    acceptedClouds: settings.ACCEPTED_CLOUDS,
  };
}

interface GivenSigningKey {
  readonly key: string | null;
  /** Thumbprints of it and of all that are published beside it. */
  readonly kids: readonly string[];
}

const NO_SIGNING_KEY: GivenSigningKey = { key: null, kids: [] };

function readSigningKey({ SIGNING_KEY, SIGNING_KEY_FILE, SIGNING_KEY_URL }: Given, problems: string[]) {
  if ([SIGNING_KEY, SIGNING_KEY_FILE, SIGNING_KEY_URL].filter((source) => source !== undefined).length !== 1) {
    problems.push('exactly one of SIGNING_KEY, SIGNING_KEY_FILE and SIGNING_KEY_URL must be set');
    return NO_SIGNING_KEY;
  }
  if (SIGNING_KEY_URL !== undefined) return NO_SIGNING_KEY;
  try {
    const key = SIGNING_KEY ?? readSettingFile(SIGNING_KEY_FILE ?? '');
    return { key, kids: createLocalKeys(key).kids };
  } catch (error) {
    const name = SIGNING_KEY === undefined ? 'SIGNING_KEY_FILE' : 'SIGNING_KEY';
    problems.push(`${name}: ${describeKeyFault(error)}`);
    return NO_SIGNING_KEY;
  }
}

/** A setting that was given and cannot be used is told of by itself: it is not missing as well. */
function readRoot(
  given: Given,
  usable: Partial<Settings>,
  { signingKids }: { readonly signingKids: readonly string[] },
  problems: string[],
): RootSource {
  const { ROOT_KEY, ROOT_KEY_FILE } = given;
  const { ROOT_KEY_URL, ROOT_THUMBPRINTS, SIGNING_KEY_URL: signingKeyUrl } = usable;
  const isUnusable =
    (given.ROOT_KEY_URL !== undefined && ROOT_KEY_URL === undefined) ||
    (given.ROOT_THUMBPRINTS !== undefined && ROOT_THUMBPRINTS === undefined);
  if (isUnusable) return { kind: 'none' };
  const settings = { ROOT_KEY, ROOT_KEY_FILE, ROOT_KEY_URL, ROOT_THUMBPRINTS };
  const needs = { isLoopback: isLoopback(given.ISSUER ?? ''), signingKids, signingKeyUrl };
  return readRootSource(settings, needs, problems);
}

function readEmulatorCertificates({ EMULATOR_TRUST_FILE: file }: Given, problems: string[]): readonly Certificate[] {
  const certificates = file === undefined ? [] : readCertificateFile(file);
  if (certificates === null) problems.push('EMULATOR_TRUST_FILE is not a readable PEM file with certificates alone');
  return certificates ?? [];
}
