import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stop as stopEsbuild } from 'esbuild';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { createTablesStore } from '../tables/createTablesStore.ts';
import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import { OPERATOR_ROLES } from '../operators/access/roles.ts';
import type { OperatorRole } from '../operators/access/roles.ts';
import { CONSOLE_PATH } from '../operators/console/routes.ts';
import { createLocalRoot } from '../tokens/rootKey.ts';
import { startAzurite } from './azurite.ts';
import { buildPackage } from './build.ts';
import { LOOPBACK, isPortFree } from './freePort.ts';
import type { FaultName } from '../emulator/faults/faults.ts';
import { createKeptKeyRing } from '../emulator/authority/keys.ts';
import type { KeyRing } from '../emulator/authority/keys.ts';
import { startEmulator } from '../emulator/server/startEmulator.ts';
import { startIssuer } from './issuer/startIssuer.ts';
import type { LocalIssuer } from './issuer/startIssuer.ts';
import { readOrMakeKey, readOrMakeSecret } from './keptKeys.ts';
import { startServiceOnFreePort, startServiceProcess } from './serviceProcess.ts';
import type { ServiceProcess, ServiceProcessOptions } from './serviceProcess.ts';
import { startPart } from './startPart.ts';
import type { PartName, PartProgress } from './startPart.ts';

/** Offers and licences of the demonstration: the emulator's first VM and its fleet. */
export const DEMO_CATALOGUE = join(import.meta.dirname, 'demoCatalogue.json');

export interface StackPorts {
  readonly service: number;
  readonly imds: number;
  readonly table: number;
}

export interface StackOptions {
  /** Each 0 for any that is free. */
  readonly ports: StackPorts;
  /** A folder for keys, certificates and the service's log; emptied first unless `keep` is set. */
  readonly folder: string;
  readonly faults?: readonly FaultName[];
  /** Told of each part as it is started and when it is up. */
  readonly progress: (event: StackProgress) => void;
  /** Rows, keys and the emulator's authority are those of the earlier start in this folder, and are kept for the next one. */
  readonly keep?: boolean;
  /** The service runs from the bundle that is deployed, which is built first; by default from its sources. */
  readonly built?: boolean;
  /** The folder of a package that is built already: the service runs from it. */
  readonly app?: string;
  /** Gets each line of the service's log, which the log file gets too. */
  readonly log?: (line: string) => void;
  /** Milliseconds after which a part is called slow. */
  readonly slowAfter?: number;
  /** More settings of the service. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Offers and licences instead of the demonstration's; null for none. */
  readonly catalogueFile?: string | null;
  /** The emulator's VMs instead of the article's. */
  readonly vmFile?: string;
  /** Processes of the service, all under the first one's URL as the issuer. */
  readonly instances?: number;
  /** A store that runs already, and what stands before the names of its tables. Without it an Azurite is started. */
  readonly store?: StackStore;
  /** Requests a second of one VM to the emulator; 5 by default, as in Azure, and `Infinity` for no limit. */
  readonly imdsRateLimit?: number;
  /** Where the emulator answers; this machine's loopback address by default. */
  readonly imdsAddress?: string;
  /** Where the emulator's authority and the operators' directory get their keys; they make their own by default. */
  readonly keys?: KeyRing;
}

interface StackStore {
  readonly connectionString: string;
  readonly tablePrefix?: string;
}

export type StackProgress =
  PartProgress | { readonly part: PartName | 'root' | 'catalogue'; readonly state: 'up'; readonly where: string };

/** Everything that the service needs, on this machine. */
export interface Stack {
  /** Of the first instance; the issuer too. */
  readonly serviceUrl: string;
  readonly serviceUrls: readonly string[];
  /** Of the instances, in the same order: ids of their processes. */
  readonly processIds: readonly number[];
  readonly imdsUrl: string;
  readonly connectionString: string;
  /** What stands before the names of the tables; empty where nothing does. */
  readonly tablePrefix: string;
  /** PEM of the emulator's CA certificates. */
  readonly authorityFile: string;
  /** The service's log. */
  readonly logFile: string;
  /** Whether the store has the rows of an earlier start. */
  readonly hasKeptRows: boolean;
  /** The operators' directory. */
  readonly issuer: LocalIssuer;
  /**
   * RFC 7638 thumbprints of the service's root keys, unless the settings name others: what the image of a VM has built in,
   * as `trust: { rootKeys }`.
   */
  readonly rootKeys: readonly string[];
  /** An access token for each role. */
  readonly operatorTokens: Readonly<Record<OperatorRole, string>>;
  /** A file with each of them, for the command line. */
  readonly operatorTokenFiles: Readonly<Record<OperatorRole, string>>;
  stop(): Promise<void>;
}

/** A port that somebody else uses; the message names it and the setting that changes it. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

const PORT_SETTINGS = {
  service: 'COUNTERSIGN_PORT',
  imds: 'COUNTERSIGN_IMDS_PORT',
  table: 'COUNTERSIGN_TABLE_PORT',
} as const;

const PARTS = ['service', 'imds', 'table'] as const;

/** A whole fleet starts from this one address, in one subscription, and is restarted as often as a developer likes. */
const WIDE_LIMIT = '100000';

/** Octets, as the template sets it: a little more than the service itself takes. */
export const REQUEST_BODY_LIMIT = 278_528;

type Stop = () => Promise<void>;

/** Starts store, emulator and service, and applies the demonstration's catalogue. What was started stops if one fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: Stop[] = [];
  const stop = async () => {
    for (const end of started.toReversed()) await end();
  };
  try {
    return { ...(await startParts(options, started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(options: StackOptions, started: Stop[]): Promise<Omit<Stack, 'stop'>> {
  const { folder, ports, keep = false } = options;
  for (const part of PARTS) await checkPort(part, ports);
  const hasKeptRows = keep && existsSync(rowsFolder(folder));
  if (!keep) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keys = options.keys ?? (keep ? createKeptKeyRing(join(folder, 'keys')) : undefined);
  const given = keys === undefined ? options : { ...options, keys };
  const directory = await startDirectory(given, started);
  const [store, emulator, app] = await all([
    startStore(options, started),
    startImds(given, started),
    buildApp(options),
  ]);
  const { authorityFile } = emulator;
  const root = await createRoot(options);
  const settings = { ...root.settings, ...directory.issuer.settings };
  const services = await startServices(options, started, { ...store, authorityFile, settings, ...app });
  const serviceUrls = services.map(({ url }) => url);
  const processIds = services.map(({ process: { pid = 0 } }) => pid);
  if (!hasKeptRows) await applyCatalogue(options, serviceUrls, directory.operatorTokens.Operator);
  const serviceUrl = serviceUrls[0] ?? '';
  directory.issuer.allowRedirect(`${serviceUrl}${CONSOLE_PATH}`);
  const facts = { rootKeys: root.rootKeys, logFile: logFileOf(folder), hasKeptRows };
  return { serviceUrl, serviceUrls, processIds, ...store, ...emulator, ...directory, ...facts };
}

function rowsFolder(folder: string): string {
  return join(folder, 'rows');
}

function logFileOf(folder: string): string {
  return join(folder, 'service.log');
}

/** @returns where the bundle is; nothing where the service runs from its sources */
async function buildApp(options: StackOptions): Promise<Pick<ServiceProcessOptions, 'root'>> {
  if (options.app !== undefined) return { root: options.app };
  if (options.built !== true) return {};
  const root = join(options.folder, 'app');
  const part = {
    part: 'build',
    name: 'build of the service',
    advice: 'Run "npm run build" to see what is wrong.',
  } as const;
  const { files } = await startPart({ ...options, ...part }, () => buildPackage({ outDir: root }));
  // Its process would run for as long as we do.
  await stopEsbuild();
  const octets = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const where = `${(octets / 1024).toFixed(0)} KB in ${files.length} files`;
  options.progress({ part: 'build', state: 'up', where });
  return { root };
}

/** The root key of the demonstration lies in its folder, where a vendor's would lie in a vault or offline. */
async function createRoot({ folder, progress }: StackOptions) {
  const file = join(folder, 'root-key.pem');
  const rootKeys = [createLocalRoot(await readOrMakeKey(file)).kid];
  progress({ part: 'root', state: 'up', where: `thumbprint ${rootKeys.join()}, ${file}` });
  return { rootKeys, settings: { ROOT_KEY_FILE: file } };
}

type Directory = Pick<Stack, 'issuer' | 'operatorTokens' | 'operatorTokenFiles'>;

async function startDirectory({ folder, keys }: StackOptions, started: Stop[]): Promise<Directory> {
  const issuer = await startIssuer(keys === undefined ? {} : { keys });
  started.push(() => issuer.close());
  const tokens = OPERATOR_ROLES.map(async (role) => [role, await issuer.issueToken({ roles: [role] })] as const);
  const operatorTokens = Object.fromEntries(await Promise.all(tokens)) as Record<OperatorRole, string>;
  const files = OPERATOR_ROLES.map(async (role) => {
    const file = join(folder, `${role}.token`);
    await writeFile(file, operatorTokens[role], { mode: 0o600 });
    return [role, file] as const;
  });
  const operatorTokenFiles = Object.fromEntries(await Promise.all(files)) as Record<OperatorRole, string>;
  return { issuer, operatorTokens, operatorTokenFiles };
}

async function checkPort(part: keyof StackPorts, ports: StackPorts): Promise<void> {
  const port = ports[part];
  if (port === 0) return;
  const other = PARTS.find((each) => each !== part && ports[each] === port);
  if (other !== undefined) {
    throw new PortTakenError(
      `Port ${port} is given twice: set ${PORT_SETTINGS[part]} or ${PORT_SETTINGS[other]} to another port (0: any that is free).`,
    );
  }
  if (await isPortFree(port)) return;
  throw new PortTakenError(
    `Port ${port} of ${LOOPBACK} is taken. Stop what uses it, or set ${PORT_SETTINGS[part]} to another port (0: any that is free).`,
  );
}

/** As `Promise.all`, but waits for all of them: what comes up after another has failed must be stopped as well. */
async function all<T extends readonly unknown[]>(parts: { [Part in keyof T]: Promise<T[Part]> }): Promise<T> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

async function startStore(options: StackOptions, started: Stop[]): Promise<Required<StackStore>> {
  const { progress } = options;
  const advice =
    'Run "npm ci" again if Azurite is missing, or set COUNTERSIGN_TABLE_PORT to another port (0: any that is free).';
  const {
    where,
    connectionString,
    tablePrefix = '',
  } = await startPart({ ...options, part: 'store', name: 'store', advice }, () => openStore(options, started));
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  progress({ part: 'store', state: 'up', where });
  return { connectionString, tablePrefix };
}

async function openStore(
  { ports, folder, keep = false, store }: StackOptions,
  started: Stop[],
): Promise<StackStore & { readonly where: string }> {
  if (store !== undefined) return { where: 'Azure Tables that run already', ...store };
  const dataDir = rowsFolder(folder);
  const isKept = keep && existsSync(dataDir);
  const port = ports.table === 0 ? {} : { tablePort: ports.table };
  const azurite = await startAzurite({ ...port, ...(keep && { dataDir }) });
  started.push(() => azurite.stop());
  const { connectionString, tablePort } = azurite;
  const rows = isKept
    ? `with the rows in ${dataDir}`
    : `begins empty${keep ? '' : '; --keep keeps it for the next start'}`;
  return { connectionString, where: `Azure Tables on port ${tablePort} (Azurite), ${rows}` };
}

async function startImds(options: StackOptions, started: Stop[]) {
  const { folder, progress } = options;
  const advice = 'Set COUNTERSIGN_IMDS_PORT to another port (0: any that is free).';
  const part = { ...options, part: 'imds', name: 'IMDS emulator', advice } as const;
  const emulator = await startPart(part, () => openEmulator(options));
  started.push(() => emulator.close());
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, emulator.authority.pem);
  progress({ part: 'imds', state: 'up', where: emulator.url });
  return { imdsUrl: emulator.url, authorityFile };
}

function openEmulator(options: StackOptions) {
  const { ports, faults = [], vmFile, keys, imdsRateLimit, imdsAddress, keep = false, folder } = options;
  const authority = keep ? { authorityFolder: join(folder, 'authority') } : {};
  const ring = keys === undefined ? {} : { keys };
  const vms = vmFile === undefined ? {} : { vmFile };
  const limit = imdsRateLimit === undefined ? {} : { rateLimit: imdsRateLimit };
  const host = imdsAddress === undefined ? {} : { host: imdsAddress };
  return startEmulator({ port: ports.imds, faults, ...host, ...vms, ...authority, ...ring, ...limit });
}

interface ServiceNeeds
  extends Pick<Stack, 'connectionString' | 'tablePrefix' | 'authorityFile'>, Pick<ServiceProcessOptions, 'root'> {
  /** Of the root key and the operators' directory. */
  readonly settings: Readonly<Record<string, string>>;
}

async function startServices(
  options: StackOptions,
  started: Stop[],
  { root, ...needs }: ServiceNeeds,
): Promise<readonly ServiceProcess[]> {
  const { ports, folder, progress, instances = 1 } = options;
  const settings = await settingsOf(options, needs);
  const app = { log: openLog(options, started), ...(root !== undefined && { root }) };
  const start = async (): Promise<readonly ServiceProcess[]> => {
    const first = await startFirst(ports.service, (issuer) => ({ ...app, env: { ISSUER: issuer, ...settings } }));
    started.push(() => first.stop());
    const env = { ISSUER: first.url, ...settings };
    const others = new Array<ServiceProcessOptions>(instances - 1).fill({ ...app, port: 0, env });
    return [first, ...(await all(others.map((other) => startService(other, started))))];
  };
  const part = { ...options, part: 'service', name: 'service', advice: `Read its log: ${logFileOf(folder)}` } as const;
  const services = await startPart(part, start);
  progress({ part: 'service', state: 'up', where: services.map(({ url }) => url).join(', ') });
  return services;
}

/** The first instance's address is the issuer of all. */
function startFirst(
  port: number,
  appOf: (issuer: string) => Omit<ServiceProcessOptions, 'port'>,
): Promise<ServiceProcess> {
  const optionsFor = (chosen: number): ServiceProcessOptions => ({
    port: chosen,
    ...appOf(`http://${LOOPBACK}:${chosen}`),
  });
  return port === 0 ? startServiceOnFreePort(optionsFor) : startServiceProcess(optionsFor(port));
}

async function settingsOf(
  { folder, settings }: StackOptions,
  { connectionString, tablePrefix, authorityFile, settings: needed }: Omit<ServiceNeeds, 'root'>,
): Promise<Readonly<Record<string, string>>> {
  const keyFile = join(folder, 'signing-key.pem');
  await readOrMakeKey(keyFile);
  return {
    ACCEPTED_CLOUDS: EMULATOR_CLOUD.name,
    EMULATOR_TRUST_FILE: authorityFile,
    TABLES_CONNECTION_STRING: connectionString,
    ...(tablePrefix !== '' && { TABLE_PREFIX: tablePrefix }),
    SIGNING_KEY_FILE: keyFile,
    CHALLENGE_SECRETS: `start:${await readOrMakeSecret(join(folder, 'challenge-secret'))}`,
    RATE_LIMIT_PER_SECOND: WIDE_LIMIT,
    SUBSCRIPTION_RATE_LIMIT_PER_SECOND: WIDE_LIMIT,
    VM_RATE_LIMIT_PER_MINUTE: WIDE_LIMIT,
    AzureWebJobsDisableHomepage: 'true',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: `${REQUEST_BODY_LIMIT}`,
    ...needed,
    ...settings,
  };
}

/** The service's log: a file of this start, and whoever follows it. */
function openLog({ folder, log }: StackOptions, started: Stop[]): (line: string) => void {
  const file = createWriteStream(logFileOf(folder), { mode: 0o600 });
  started.push(() => new Promise((closed) => file.end(closed)));
  return (line) => {
    file.write(`${line}\n`);
    log?.(line);
  };
}

async function startService(options: ServiceProcessOptions, started: Stop[]): Promise<ServiceProcess> {
  const service = await startServiceProcess(options);
  started.push(() => service.stop());
  return service;
}

/** As an operator does: through the API of the service that has just started. */
async function applyCatalogue(
  { catalogueFile = DEMO_CATALOGUE, progress }: StackOptions,
  [serviceUrl = '']: readonly string[],
  token: string,
): Promise<void> {
  if (catalogueFile === null) return;
  const answer = await fetch(serviceUrl + OPERATOR_ENDPOINTS.applyCatalogue.path, {
    method: OPERATOR_ENDPOINTS.applyCatalogue.method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: await readFile(catalogueFile),
  });
  if (!answer.ok) throw new Error(`The catalogue ${catalogueFile} was not applied: ${await answer.text()}`);
  progress({ part: 'catalogue', state: 'up', where: catalogueFile });
}
