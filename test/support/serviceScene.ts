import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { startEmulator } from '../../src/emulator/server/startEmulator.ts';
import type { StartedEmulator } from '../../src/emulator/server/startEmulator.ts';
import { startIssuer } from '../../src/dev/issuer/startIssuer.ts';
import type { LocalIssuer } from '../../src/dev/issuer/startIssuer.ts';
import { applyCatalogue } from './applyCatalogue.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { readConfig } from '../../src/app/config.ts';
import { createService } from '../../src/app/service.ts';
import type { OperatorRole } from '../../src/operators/access/roles.ts';
import { boot, createKey, release } from '../endToEnd/protocolClient.ts';
import type { Answer, BootOptions, ClientKey } from '../endToEnd/protocolClient.ts';
import { operate } from '../operators/useStack.ts';
import type { OperatorRequest } from '../operators/useStack.ts';
import { SIGNING_KEY } from '../app/settings.ts';
import { createTestTables } from './azurite.ts';
import type { TestTables } from './azurite.ts';
import type { FakeVault } from './keyVault.ts';
import { serveInProcess } from './serveInProcess.ts';
import type { InProcess } from './serveInProcess.ts';
import { startStoreProxy } from './storeProxy.ts';
import type { StoreProxy } from './storeProxy.ts';
import { useTestClock } from './testClock.ts';
import { runKeys } from './runKeys.ts';

/** Milliseconds since the epoch: a whole second, as in tokens. */
export const LOADED_AT = Math.floor(Date.now() / 1000) * 1000;
/** Milliseconds; the default of STORE_BUDGET_MILLISECONDS. */
const MAX_STORE_CALL = 5_000;

const FILES = resolve(import.meta.dirname, '../endToEnd');

/** Real store, real emulator, and instances of the service in this process, each with a clock of its own. */
export interface Scene {
  /** Base URLs of the instances. The first one's is the issuer of all. */
  readonly urls: readonly [string, ...string[]];
  readonly imdsUrl: string;
  /** Straight to the store, past the proxy. */
  readonly store: LicenceStore;
  readonly tables: TestTables;
  /** The time of the instances (but for their skew), the emulator and the operators' directory: milliseconds since the epoch. */
  readonly now: () => number;
  /** Settings with which a process of its own is one more instance. */
  readonly env: Readonly<Record<string, string>>;
  readonly proxy: StoreProxy;
  /** Lines of the logs of all instances. */
  readonly log: () => readonly string[];
  /** Runs a timer of the first instance. */
  readonly run: InProcess['run'];
  boot(vm: string, options?: ActOptions): Promise<Answer>;
  release(vm: string, licence: string, options?: ActOptions): Promise<Answer>;
  /** An access token, for a command line that is a process of its own. */
  issueToken(role: OperatorRole): Promise<string>;
  /** As {@link operate}, of one instance. */
  operate(request: string, options?: OperatorRequest & Pick<ActOptions, 'instance' | 'url'>): Promise<Answer>;
}

export interface ActOptions {
  readonly key?: ClientKey;
  readonly instance?: number;
  /** Of an instance that is not the scene's own. */
  readonly url?: string;
  readonly change?: Readonly<Record<string, unknown>>;
}

/** One instance: settings over the scene's, and the milliseconds by which its clock is ahead of the others'. */
export interface InstanceOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly skew?: number;
}

export interface SceneOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** One unless given. */
  readonly instances?: readonly InstanceOptions[];
  /** Holds the signing key. Without it that is a local one. */
  readonly vault?: FakeVault;
  /** Holds the root key. Without it there is none, unless the settings have one. */
  readonly rootVault?: FakeVault;
  /** Offers and licences instead of the black-box suite's. */
  readonly catalogue?: string;
}

/** A clock of the test alone. */
function createTicks(): () => number {
  let at = LOADED_AT;
  return () => (at += 1);
}

interface Running {
  readonly emulator: StartedEmulator;
  readonly issuer: LocalIssuer;
}

/**
 * Starts what all scenes of a file share. Call it at the file's top, and the result inside a test.
 *
 * @param ahead milliseconds by which all clocks are ahead of the time at which the file was loaded, the emulator's too.
 *   They advance by a millisecond whenever one is read, so that what is done later has a later time, and otherwise as this
 *   changes. No limit of time is reached but by a request that the store does not answer.
 * @param base what they are ahead of: a running clock, where processes with clocks of their own take part
 */
export function useScenes(
  ahead: () => number = () => 0,
  base: () => number = createTicks(),
): (options?: SceneOptions) => Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-scene-'));
  const authorityFile = join(folder, 'authority.pem');
  const clock = () => base() + ahead();
  const limits = useTestClock();
  let running: Running | undefined;
  beforeAll(async () => {
    // A fleet boots from here, and one VM as often as a test likes.
    const withoutLimit = { rateLimit: Infinity };
    const emulator = await startEmulator({
      ...{ port: 0, vmFile: join(FILES, 'vms.json'), clock, ...withoutLimit },
      authority: await createAuthority({ at: clock(), keys: runKeys('emulator') }),
    });
    writeFileSync(authorityFile, emulator.authority.pem);
    running = { emulator, issuer: await startIssuer({ clock, keys: runKeys('emulator') }) };
  });
  afterAll(async () => {
    await Promise.all([running?.emulator.close(), running?.issuer.close()]);
    rmSync(folder, { recursive: true });
  });
  return async (options = {}) => {
    if (running === undefined) throw new Error('The emulator runs only while tests do: make a scene inside a test.');
    const where = createTestTables();
    const { connectionString, tablePrefix } = where;
    const store = await fillStore(where, options);
    const proxy = await startStoreProxy(connectionString, tablePrefix, () => {
      limits.pass(MAX_STORE_CALL);
    });
    const env = {
      ...{ ACCEPTED_CLOUDS: 'emulator', EMULATOR_TRUST_FILE: authorityFile, ...keySettings(options) },
      ...{ TABLES_CONNECTION_STRING: proxy.connectionString, TABLE_PREFIX: tablePrefix },
      CHALLENGE_SECRETS: `a:${randomBytes(32).toString('base64url')}`,
      ...{ RATE_LIMIT_PER_SECOND: '100000', VM_RATE_LIMIT_PER_MINUTE: '100000', ...running.issuer.settings },
    };
    const instances = await startInstances(env, options, clock);
    return createScene(
      { ...instances, store, tables: where, proxy, now: clock, env: { ...env, ISSUER: instances.urls[0] } },
      running,
    );
  };
}

function keySettings({ vault, rootVault, settings }: SceneOptions): Readonly<Record<string, string>> {
  return {
    ...(vault === undefined ? { SIGNING_KEY } : { SIGNING_KEY_URL: vault.keyUrl }),
    ...(rootVault !== undefined && { ROOT_KEY_URL: rootVault.keyUrl }),
    ...settings,
  };
}

async function fillStore(
  { connectionString, tablePrefix }: TestTables,
  { catalogue = readFileSync(join(FILES, 'catalogue.json'), 'utf8') }: SceneOptions,
): Promise<LicenceStore> {
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  await applyCatalogue(store, parseCatalogue(JSON.parse(catalogue)), { change: { by: 'test', at: Date.now() } });
  return store;
}

async function startInstances(
  env: Readonly<Record<string, string>>,
  { vault, rootVault, instances = [{}] }: SceneOptions,
  clock: () => number,
) {
  const started: InProcess[] = [];
  let issuer: string | undefined;
  for (const { settings = {}, skew = 0 } of instances) {
    const instance = await serveInProcess((url) => {
      issuer ??= url;
      const vaults = {
        ...(vault !== undefined && { vault: vault.access }),
        ...(rootVault !== undefined && { rootVault: rootVault.access }),
      };
      const seams = { now: () => clock() + skew, ...vaults };
      return createService(readConfig({ ...env, ...settings, ISSUER: issuer }), seams);
    });
    started.push(instance);
  }
  const [first = '', ...others] = started.map(({ url }) => url);
  const run: InProcess['run'] = (timer) => started[0]?.run(timer) ?? Promise.resolve();
  return { urls: [first, ...others] as const, log: () => started.flatMap(({ log }) => log), run };
}

function createScene(
  parts: Omit<Scene, 'imdsUrl' | 'boot' | 'release' | 'operate' | 'issueToken'>,
  { emulator: { url: imdsUrl }, issuer }: Running,
): Scene {
  const { urls } = parts;
  const urlOf = (instance = 0) => urls[instance] ?? urls[0];
  const ask = (vm: string, options: ActOptions): BootOptions => {
    const { key = createKey(), instance, url: baseUrl = urlOf(instance), change = {} } = options;
    return { baseUrl, issuer: urls[0], imdsUrl, vm, key, change };
  };
  return {
    ...{ ...parts, imdsUrl },
    boot: (vm, options = {}) => boot(ask(vm, options)),
    release: (vm, licence, options = {}) => release({ ...ask(vm, options), licence }),
    issueToken: (role) => issuer.issueToken({ roles: [role] }),
    operate: async (request, { instance, url = urlOf(instance), ...options } = {}) => {
      const token = await issuer.issueToken({ roles: [options.as ?? 'Operator'] });
      const operatorTokens = { Reader: token, Operator: token, Admin: token };
      return operate({ serviceUrl: url, operatorTokens }, request, options);
    },
  };
}
