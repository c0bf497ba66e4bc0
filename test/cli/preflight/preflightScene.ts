import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { createPreflight } from '../../../src/cli/commands/preflight.ts';
import type { Session } from '../../../src/cli/command.ts';
import { REAL_WORLD } from '../../../src/cli/preflight/world.ts';
import type { World } from '../../../src/cli/preflight/world.ts';
import type { Authority } from '../../../src/emulator/authority/authority.ts';
import type { EmulatorLogEntry, EmulatorOptions } from '../../../src/emulator/server/options.ts';
import { createEmulator } from '../../../src/emulator/server/emulator.ts';
import { AT, sharedAuthority } from '../../emulator/running.ts';
import { useTestClock } from '../../support/testClock.ts';
import type { TestClock } from '../../support/testClock.ts';
import { recordIo } from '../recordIo.ts';

export { AT };

/** The asset tag of Azure's hardware. */
export const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77';

interface Flags {
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: number;
  /** Beside `--imds-url` and the trust in the emulator's authority. */
  readonly args?: readonly string[];
  readonly world?: Partial<World>;
  readonly trust?: readonly string[];
}

interface JsonReport {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly outcome: string; readonly code: string | null }[];
}

export interface PreflightRun {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

export interface PreflightScene {
  readonly folder: string;
  readonly clock: TestClock;
  /** An emulator whose time is the test's. @returns its URL */
  emulate(options?: EmulatorChanges): Promise<string>;
  /** Anything else that answers at IMDS's place. @returns its URL */
  serve(answer: RequestListener): Promise<string>;
  run(url: string, flags?: Flags): Promise<PreflightRun>;
}

/** For the test file that calls this at its top. */
export function usePreflight(): PreflightScene {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-preflight-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const clock = useTestClock();
  const scene: PreflightScene = {
    ...{ folder, clock },
    emulate: (options = {}) => emulate(clock, folder, options),
    serve,
    run: (url, flags = {}) => run(scene, url, flags),
  };
  return scene;
}

type EmulatorChanges = Partial<Omit<EmulatorOptions, 'authority'>> & { readonly authority?: Authority };

async function emulate(clock: TestClock, folder: string, options: EmulatorChanges): Promise<string> {
  const authority = options.authority ?? (await sharedAuthority());
  writeFileSync(join(folder, 'authority.pem'), authority.pem);
  const timer = { now: clock.now, sleep: clock.sleep };
  // Where a request will never be answered, only the time ends the wait for it.
  const log = ({ fault = '' }: EmulatorLogEntry) => {
    if (fault.split(',').includes('silent')) clock.passLastLimit();
  };
  const running = await createEmulator({ authority, clock: () => AT + clock.now(), timer, log, ...options }).listen(0);
  onTestFinished(() => running.close());
  return running.url;
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TRUST = ['--trust-pem', 'authority.pem', '--domain', 'metadata.emulator.test'];

async function run(
  { clock, folder }: PreflightScene,
  url: string,
  { env = {}, now = AT, args = ['--json'], world = {}, trust = TRUST }: Flags,
): Promise<PreflightRun> {
  const io = recordIo([], { directory: folder, env, now: () => now + clock.now() });
  const session: Session = { ...io, exitCode: 0 };
  const clocks = { monotonic: clock.now, uptime: clock.now, bootId: () => 'boot', sleep: clock.sleep };
  const chassisTag = () => Promise.resolve({ readable: true, tag: AZURE_TAG } as const);
  const isThere = (path: string) => path === '/dev/tpmrm0';
  const tested: World = { ...REAL_WORLD, clocks, chassisTag, isThere, platform: 'linux', ...world };
  const command = createPreflight(session, tested).exitOverride();
  await command.parseAsync(['--imds-url', url, ...trust, ...args], { from: 'user' });
  return { code: session.exitCode, ...io.written };
}

export function readReport({ out }: PreflightRun): JsonReport {
  return JSON.parse(out) as JsonReport;
}

/** The codes of what is not plain good news, by check. */
export function listCodes(run: PreflightRun): Readonly<Record<string, string>> {
  const told = readReport(run).checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'noted');
  return Object.fromEntries(told.map(({ name, outcome, code }) => [name, `${outcome} ${code ?? ''}`]));
}
