/**
 * `npm start`: everything on this machine, and a VM that boots. Store (Azurite), IMDS emulator, the function app in the
 * local host, a demonstration's offers and licence; then the client does what it does on a VM, and operators what they do.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Answer } from '../client/index.ts';
import { EVIDENCE_CODES, LICENCE_CODES } from '../contract/codes.ts';
import { bootVm } from './bootVm.ts';
import { FAULTS, FAULT_NAMES, isFaultName } from '../emulator/faults/faults.ts';
import type { FaultName } from '../emulator/faults/faults.ts';
import { createNarrator } from './narrator.ts';
import type { Narrator } from './narrator.ts';
import { tourOperators } from './operatorTour.ts';
import { startStack } from './stack.ts';
import type { Stack, StackPorts } from './stack.ts';

const HELP = `npm start [-- --once] [--fault NAME] [--json] [--log] [--keep]

Starts the store (Azurite), the IMDS emulator and the service on this machine, applies a demonstration's offers and
licence, and boots a VM. Then an operator grants another customer a licence, that customer's VM boots, the operator
suspends the licence, the VM is denied, and the denial is explained. Runs until Ctrl-C.

  --once        end after that
  --fault NAME  boot with this fault of the emulator, and end
  --json        progress goes to standard error; when all is up, one line of JSON on standard output, and no VM boots by
                itself; with --once the VM boots and a second line has the claims of its licence. npm writes lines of its
                own before it: npm start -s leaves them out
  --log         show the service's log as it is written
  --keep        keep rows, keys and the emulator's authority for the next start on the same port of the service; without it
                the store begins empty
  --help        this text

Faults: ${FAULT_NAMES.join(', ')}

Ports of 127.0.0.1: COUNTERSIGN_PORT (7071), COUNTERSIGN_IMDS_PORT (7080), COUNTERSIGN_TABLE_PORT (10002); 0 is any that
is free.
`;

interface Arguments {
  readonly once: boolean;
  readonly fault: FaultName | null;
  readonly json: boolean;
  readonly log: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

/** The command was called wrongly; the message says how it is called. */
class UsageError extends Error {}

function parseArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        fault: { type: 'string' },
        json: { type: 'boolean', default: false },
        log: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { ...values, fault: values.fault === undefined ? null : parseFault(values.fault) };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : 'Wrong options.'}\n\n${HELP}`);
  }
}

function parseFault(name: string): FaultName {
  if (isFaultName(name)) return name;
  throw new Error(`There is no fault "${name}".`);
}

function readPort(name: string, otherwise: number): number {
  const text = process.env[name] ?? '';
  if (text === '') return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`${name} is not a port: set it to a number from 0 (any that is free) to 65535.`);
}

function readPorts(): StackPorts {
  return {
    service: readPort('COUNTERSIGN_PORT', 7071),
    imds: readPort('COUNTERSIGN_IMDS_PORT', 7080),
    table: readPort('COUNTERSIGN_TABLE_PORT', 10002),
  };
}

async function start(args: Arguments): Promise<number> {
  const narrator = createNarrator(args.json);
  const ports = readPorts();
  removeEarlierFolders();
  const folder = join(WORK, args.keep ? `kept-${ports.service}` : `start-${process.pid}`);
  let isStopping = false;
  const interrupted = nextSignal().then((signal) => {
    isStopping = true;
    narrator.title(`Stopping (${signal})`);
    return null;
  });
  narrator.title('Countersign, on this machine');
  const starting = startStack({
    ...{ ports, folder, keep: args.keep, built: true },
    faults: args.fault === null ? [] : [args.fault],
    progress: (event) => {
      if (!isStopping) narrator.part(event);
    },
    ...(args.log && { log: narrator.log }),
  });
  const stack = await Promise.race([starting, interrupted]);
  const code = stack === null ? null : await Promise.race([run(args, { stack, folder, narrator }), interrupted]);
  // Where it was interrupted, what goes wrong with the start is no news.
  await (stack === null ? starting.then((late) => late.stop()).catch(() => undefined) : stack.stop());
  if (code !== null) return code;
  if (!args.keep) rmSync(folder, { recursive: true, force: true });
  // The client may be in the middle of its retries, which nothing but the end of the process cuts short.
  process.exit(ends(args) ? 1 : 0);
}

const WORK = resolve(import.meta.dirname, '../../.work');

/** Of starts whose process has ended: `--once` leaves its files to be looked at, and a process that is killed cannot remove them. */
function removeEarlierFolders(): void {
  if (!existsSync(WORK)) return;
  for (const name of readdirSync(WORK)) {
    const pid = Number(/^start-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(WORK, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of somebody else's may not be signalled, and runs.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

interface Running {
  readonly stack: Stack;
  readonly folder: string;
  readonly narrator: Narrator;
}

/** Whether it ends by itself. */
function ends({ once, fault }: Arguments): boolean {
  return once || fault !== null;
}

async function run(args: Arguments, running: Running): Promise<number> {
  const { narrator, stack } = running;
  narrator.up(stack);
  if (ends(args) || !args.json) {
    const code = exitCodeOf(await boot(args, running));
    const refused = code === 0 ? await tour(running) : null;
    if (ends(args)) return code;
    narrator.invite(stack, refused);
  } else narrator.invite(stack, null);
  return new Promise<never>(() => undefined);
}

/** @returns the id of a decision that refused a VM; null where it is not known */
async function tour({ stack, folder, narrator }: Running): Promise<string | null> {
  if (!stack.hasKeptRows) return tourOperators(stack, { folder, narrator });
  narrator.title("The operators' half was shown by an earlier start, and its rows are kept.");
  return null;
}

async function boot(args: Arguments, { stack, folder, narrator }: Running): Promise<Answer> {
  const { fault } = args;
  narrator.title(fault === null ? 'A VM boots' : `A VM boots, and the emulator ${FAULTS[fault].does}`);
  const vmFolder = join(folder, 'vm');
  await mkdir(vmFolder, { recursive: true, mode: 0o700 });
  const check = await bootVm(stack, { folder: vmFolder, once: ends(args), progress: narrator.step });
  narrator.result(check);
  return check;
}

/** What the service says of evidence or a licence, though the client may wait for better times after some of it. */
const REFUSALS: readonly string[] = [...EVIDENCE_CODES, ...LICENCE_CODES];

/** 0: licensed; 2: the service or the client's own checks said no; 1: something did not answer. */
function exitCodeOf({ state, code = '' }: Answer): number {
  if (state === 'licensed') return 0;
  return state === 'refused' || state === 'denied' || REFUSALS.includes(code) ? 2 : 1;
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, settle);
  });
}

async function main(): Promise<number> {
  try {
    const args = parseArguments(process.argv.slice(2));
    if (args.help) process.stdout.write(HELP);
    return args.help ? 0 : await start(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
