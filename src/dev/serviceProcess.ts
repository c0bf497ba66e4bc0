import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { findFreePort } from './freePort.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HOST = join(import.meta.dirname, 'functionsHost', 'main.ts');

/**
 * As on an instance of 512 MB, which the template deploys: Node gives the heap half of the memory. On a machine with much
 * memory it would collect garbage so late that the process is twice as large.
 */
const HEAP = '--max-old-space-size=256';

/** Milliseconds; on two busy cores a start takes about two seconds. */
const START_TIMEOUT = 30_000;
/** Milliseconds for the requests that are running; nothing here takes longer than its store calls. */
const STOP_TIMEOUT = 30_000;
const ANY_PORT_TRIES = 3;

export interface ServiceProcessOptions {
  /** 0 for one that is free; then `ISSUER` must not need to know it. */
  readonly port: number;
  /** The app's settings, and nothing of this process's environment but the path. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder with host.json and package.json; this project unless given. */
  readonly root?: string;
  /** Gets the host's own lines. */
  readonly log?: (line: string) => void;
}

export interface ServiceProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Lets running requests end, and waits until the process has. */
  stop(): Promise<void>;
}

/** Another process listens where the service should. */
class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/**
 * Starts the function app where its settings must name the port. A port that was free may be taken before the app listens:
 * then any other will do.
 *
 * @throws Error with the host's last lines where it does not start
 */
export async function startServiceOnFreePort(
  optionsFor: (port: number) => ServiceProcessOptions,
  choosePort: () => Promise<number> = findFreePort,
): Promise<ServiceProcess> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await startServiceProcess(optionsFor(await choosePort()));
    } catch (error) {
      if (!(error instanceof PortTakenError) || tried === ANY_PORT_TRIES) throw error;
    }
  }
}

/**
 * Starts the function app in the local Functions host, as a process of its own that ends with this one.
 *
 * @throws Error with the host's last lines where it does not start
 */
export async function startServiceProcess({
  port,
  env,
  root = ROOT,
  log,
}: ServiceProcessOptions): Promise<ServiceProcess> {
  const args = [HEAP, HOST, '--port', String(port), '--root', root, '--parent-stdin'];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    // A group of its own: Ctrl-C in a terminal reaches us, and we stop it once, in order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (lines.push(line) > 40) lines.shift();
    log?.(line);
  });
  const url = await readUrl(child, lines, `Port ${port} of`);
  return { url, process: child, stop: () => stop(child) };
}

/** @param taken how the host's line begins where the port is taken */
async function readUrl(child: ChildProcess, lines: readonly string[], taken: string): Promise<string> {
  const output = child.stdout;
  if (output === null) throw new Error('The local host has no standard output.');
  const failed = once(child, 'close').then(() => null);
  const timedOut = once(AbortSignal.timeout(START_TIMEOUT), 'abort').then(() => null);
  const first = once(createInterface({ input: output }), 'line').then(([line]) => String(line));
  const line = await Promise.race([first, failed, timedOut]);
  if (line === null) {
    child.kill('SIGKILL');
    const failure = `The service did not start.\n${lines.join('\n')}`;
    throw lines.some((each) => each.startsWith(taken)) ? new PortTakenError(failure) : new Error(failure);
  }
  return (JSON.parse(line) as { url: string }).url;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}
