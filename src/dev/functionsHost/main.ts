/**
 * Runs a function app in a process of its own: `node src/dev/functionsHost/main.ts --port N [--root DIR] [--entry FILE]…`.
 * Standard output has one line, `{"url":…}`, when the app is up; everything else, the app's own console too, goes to standard
 * error. Ends with 0 on SIGINT and SIGTERM and, with `--parent-stdin`, when standard input ends; with 1 when it cannot start.
 */
import { Console } from 'node:console';
import { parseArgs } from 'node:util';

import { createFunctionsHost } from './createFunctionsHost.ts';
import type { Listening } from './createFunctionsHost.ts';
import { HostStartError } from './hostError.ts';
import type { HostLog } from './hostLog.ts';

const USAGE =
  'Usage: node src/dev/functionsHost/main.ts --port N [--host ADDRESS] [--root DIR] [--entry FILE]... [--parent-stdin]';

interface MainArguments {
  readonly port: number;
  readonly host: string;
  readonly root: string;
  readonly entries: readonly string[] | undefined;
  readonly parentStdin: boolean;
}

function parseArguments(args: readonly string[]): MainArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      root: { type: 'string', default: '.' },
      entry: { type: 'string', multiple: true },
      'parent-stdin': { type: 'boolean', default: false },
    },
  });
  const port = /^\d{1,5}$/.test(values.port ?? '') ? Number(values.port) : NaN;
  if (!(port <= 65_535)) throw new Error('--port must be a number from 0 (any that is free) to 65535.');
  const { host, root, entry: entries } = values;
  return { port, host, root, entries, parentStdin: values['parent-stdin'] };
}

const writeLog: HostLog = (level, category, message) => {
  process.stderr.write(`[${level}] ${category}: ${message}\n`);
};

function explain(error: unknown, { host, port }: MainArguments): string {
  if (error instanceof HostStartError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is taken. Stop what uses it, or choose another with --port.`;
  if (code === 'EACCES') return `Port ${port} of ${host} may not be used. Choose one above 1023 with --port.`;
  return message;
}

/** The first ending closes the app in order; the second one ends the process at once. */
function endWith(listening: Listening, parentStdin: boolean): void {
  let ending = false;
  const end = (): void => {
    if (ending) process.exit(1);
    ending = true;
    listening.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`The app could not be closed in order: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  if (parentStdin) process.stdin.on('end', end).on('error', end).resume();
}

async function main(): Promise<void> {
  let given: MainArguments;
  try {
    given = parseArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : ''}\n${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  globalThis.console = new Console(process.stderr, process.stderr);
  const { root, entries, port, host } = given;
  try {
    const app = createFunctionsHost({ root, ...(entries !== undefined && { entries }), log: writeLog });
    await app.start();
    const listening = await app.listen(port, host);
    endWith(listening, given.parentStdin);
    process.stdout.write(`${JSON.stringify({ url: listening.url })}\n`);
  } catch (error) {
    process.stderr.write(`${explain(error, given)}\n`);
    // An app that did start may hold the process open.
    process.exit(1);
  }
}

await main();
