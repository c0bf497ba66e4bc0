import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findFreePort, isPortFree, LOOPBACK } from './freePort.ts';

/** The account that every Azurite has; its key is published in Azurite's documentation and is no secret. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 10_000;
const ANY_PORT_TRIES = 3;

export interface AzuriteOptions {
  /** Rows are kept in this folder, which is made if it is missing. Without it they live in memory. */
  readonly dataDir?: string;
  /** The table service's port on 127.0.0.1. Without it a free one is taken. */
  readonly tablePort?: number;
  /** Only the table service (the default), or blobs and queues too, as the Functions host's own storage needs them. */
  readonly services?: 'table' | 'all';
  /** Gets Azurite's own lines. */
  readonly log?: (line: string) => void;
}

export interface Azurite {
  readonly connectionString: string;
  readonly tablePort: number;
  /** Lets Azurite write its rows to disk, and waits until the process has ended. */
  stop(): Promise<void>;
}

interface Ports {
  readonly table: number;
  readonly blob?: number;
  readonly queue?: number;
}

/**
 * Starts Azurite from npm as a process of its own, on loopback alone. It ends with this process, however that one ends.
 *
 * @throws Error naming the port if `tablePort` is taken, or with Azurite's last lines if it does not start.
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  if (options.dataDir !== undefined) await mkdir(options.dataDir, { recursive: true });
  const fixed = options.tablePort;
  if (fixed !== undefined && !(await isPortFree(fixed))) throw portTaken(fixed);
  for (let tried = 1; ; tried += 1) {
    const ports = await choosePorts(options);
    try {
      return await startOn(ports, options);
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
      if (fixed !== undefined && !(await isPortFree(fixed))) throw portTaken(fixed);
      // A free port that another process took first: any other will do.
      if (tried === ANY_PORT_TRIES) throw error;
    }
  }
}

class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

function portTaken(port: number): Error {
  return new Error(
    `Port ${port} on ${LOOPBACK} is taken. End the process that listens there, or choose another port for Azurite's tables.`,
  );
}

async function choosePorts(options: AzuriteOptions): Promise<Ports> {
  const table = options.tablePort ?? (await findFreePort());
  if (options.services !== 'all') return { table };
  return { table, blob: await findFreePort(), queue: await findFreePort() };
}

async function startOn(ports: Ports, options: AzuriteOptions): Promise<Azurite> {
  const child = spawn(process.execPath, azuriteArguments(ports, options), {
    cwd: options.dataDir ?? tmpdir(),
    // A group of its own: Ctrl-C in a terminal reaches us, and we stop it once, in order.
    detached: true,
    // Its standard input stays open for as long as we live: see tiedToParent.ts.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  await started(child, options.log);
  return { connectionString: connectionString(ports), tablePort: ports.table, stop: () => stop(child) };
}

function azuriteArguments(ports: Ports, options: AzuriteOptions): string[] {
  const all = ports.blob !== undefined && ports.queue !== undefined;
  const program = join(azuriteFolder(), 'dist', 'src', all ? 'azurite.js' : join('table', 'main.js'));
  const tie = fileURLToPath(new URL('tiedToParent.ts', import.meta.url));
  return [
    ...['--import', tie, program, '--disableTelemetry', '--skipApiVersionCheck', '--loose', 'false', '--silent'],
    ...['--tableHost', LOOPBACK, '--tablePort', `${ports.table}`],
    ...(all ? ['--blobHost', LOOPBACK, '--blobPort', `${ports.blob}`] : []),
    ...(all ? ['--queueHost', LOOPBACK, '--queuePort', `${ports.queue}`] : []),
    ...(options.dataDir === undefined ? ['--inMemoryPersistence'] : ['--location', options.dataDir]),
  ];
}

function azuriteFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('azurite/package.json'));
}

function connectionString(ports: Ports): string {
  const endpoint = (name: string, port: number | undefined): string[] =>
    port === undefined ? [] : [`${name}Endpoint=http://${LOOPBACK}:${port}/${ACCOUNT}`];
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    ...endpoint('Blob', ports.blob),
    ...endpoint('Queue', ports.queue),
    ...endpoint('Table', ports.table),
  ].join(';');
}

/** Resolves at the line that says that tables are served (the last of the three services to start). */
function started(child: ChildProcess, log: AzuriteOptions['log']): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Azurite did not start within ${START_TIMEOUT / 1000} s. Its last lines: ${tail(lines)}`));
    }, START_TIMEOUT);
    const read = (chunk: Buffer): void => {
      for (const line of chunk.toString('utf8').split('\n').filter(Boolean)) {
        log?.(line);
        lines.push(line);
        if (/Table service (is )?successfully (started|listening)/.test(line)) {
          clearTimeout(timer);
          resolve();
        }
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(startFailure(lines, code));
    });
  });
}

function startFailure(lines: readonly string[], code: number | null): Error {
  const output = tail(lines);
  if (output.includes('EADDRINUSE')) return new PortTakenError(`Azurite found a port taken: ${output}`);
  return new Error(`Azurite ended with code ${code ?? 'none'} before it was up. Its last lines: ${output}`);
}

function tail(lines: readonly string[]): string {
  return lines.slice(-5).join(' | ');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // SIGINT, not SIGTERM: only this one writes what is still in memory to disk.
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}
