import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { isAzureChassis, reachOf } from '../../emulator/server/bindAddress.ts';
import { parseDuration } from '../../emulator/input/duration.ts';
import type { EmulatorLogEntry } from '../../emulator/server/options.ts';
import { FAULTS, FAULT_NAMES, isFaultName } from '../../emulator/faults/faults.ts';
import type { FaultName } from '../../emulator/faults/faults.ts';
import type { StartOptions, StartedEmulator } from '../../emulator/server/startEmulator.ts';
import { CommandError, RefusedError } from '../command.ts';
import type { Session } from '../command.ts';
import { nameOf, readText, writeText } from '../files.ts';
import { examples } from '../help.ts';
import { jsonLine, printable } from '../printable.ts';

const FAULT_HELP = `
Faults:
${FAULT_NAMES.map((name) => `  ${name.padEnd(20)}  ${FAULTS[name].does}`).join('\n')}
`;

const PORT = 7080;
/** As on a VM. */
const IMDS_PORT = 80;
const LOOPBACK = '127.0.0.1';

interface ImdsFlags {
  readonly port?: number | undefined;
  readonly bind?: string | undefined;
  readonly force?: true | undefined;
  readonly authorityDir?: string | undefined;
  readonly rateLimit?: number | undefined;
  readonly lifetime?: number | undefined;
  readonly unknownVersion?: 400 | 404 | undefined;
  readonly log?: true | undefined;
  readonly json?: true | undefined;
  readonly vms?: string | undefined;
  readonly vm?: string | undefined;
  readonly vmSchema?: true | undefined;
  readonly check?: true | undefined;
  readonly fault?: readonly FaultName[] | undefined;
  readonly scenario?: string | undefined;
  readonly controlPort?: number | undefined;
  readonly authority?: string | undefined;
}

export function createImds(session: Session) {
  return new Command('imds')
    .description(
      "Runs the emulator of Azure's Instance Metadata Service, until Ctrl-C. It signs attested documents as Azure does, under an authority of its own: a new one at each start, or one that a folder keeps. docs/imds-emulator.md describes what it serves.",
    )
    .option(
      '--port <n>',
      `the port; 0 is any free one (default: ${PORT}, or ${IMDS_PORT} at a link-local address)`,
      parsePort,
    )
    .option('--bind <address>', 'the address to answer at, such as 169.254.169.254 (default: 127.0.0.1)', parseAddress)
    .option('--force', 'bind another address than a loopback one though this is a VM of Azure, which has an IMDS')
    .option('--vms <file>', "a JSON file with virtual machines of your own (default: the ones of Microsoft's article)")
    .option('--vm-schema', 'print the JSON Schema of that file, and end')
    .option('--check', 'read the files that are named, say what is wrong with them, and end')
    .option('--vm <name>', 'the one that the root answers for (default: the first)')
    .option('--fault <name>', 'a fault to inject; may be repeated', collectFaults)
    .option('--scenario <file>', 'a JSON file with faults over time: { "steps": [{ "for": "60s", "answer": 410 }] }')
    .option('--control-port <n>', 'a port of 127.0.0.1 to change faults and events at; 0 is any free one', parsePort)
    .option(
      '--authority <file>',
      'write the CA certificates to this file (PEM), for verify --trust-pem FILE --domain metadata.emulator.test',
    )
    .option(
      '--authority-dir <folder>',
      'keep the authority there: it is made once, and every later start uses it again',
    )
    .option('--rate-limit <n>', 'requests a second that one VM may make; 0 for no limit (default: 5)', parseRate)
    .option('--lifetime <time>', 'of attested documents, such as 90s, 30m or 6h (default: 6h)', parseLifetime)
    .option(
      '--unknown-version <status>',
      'what an unknown api-version is answered with: 400, or 404 as years ago',
      parseStatus,
    )
    .option('--log', 'write a line to standard error for each request that was answered; of JSON with --json')
    .option('--json', 'print one line of JSON when it is up')
    .addHelpText(
      'after',
      `${FAULT_HELP}${examples(
        'countersign imds --authority authority.pem',
        'curl -s -H Metadata:true \\',
        "  'http://127.0.0.1:7080/metadata/attested/document?api-version=2020-09-01&nonce=1234567890'",
      )}`,
    )
    .action(async (flags) => {
      if (flags.vmSchema === true) await printSchema(session);
      else if (flags.check === true) await check(session, flags);
      else await run(session, flags);
    });
}

async function printSchema(session: Session): Promise<void> {
  const { createVmFileJsonSchema } = await import('../../emulator/vms/vmSchema.ts');
  session.out(`${JSON.stringify(createVmFileJsonSchema(), null, 2)}\n`);
}

/** What is wrong with a file is a check's refusal here; a file that cannot be read is an error as ever. */
async function check(session: Session, { vms: file, vm, scenario, json }: ImdsFlags): Promise<void> {
  const { BUILT_IN_VMS } = await import('../../emulator/vms/builtInVms.ts');
  const { checkScenarioVms } = await import('../../emulator/scenario/scenario.ts');
  const { withFirst } = await import('../../emulator/vms/vms.ts');
  const { vms, steps } = await read().catch((error: unknown) => {
    if (error instanceof CommandError || !(error instanceof Error)) throw error;
    throw new RefusedError('file_malformed', error.message);
  });
  const names = vms.map(({ name }) => name);
  if (json === true) session.out(jsonLine({ vms: names, steps }));
  else session.out(`Nothing is wrong: ${names.length} virtual machines (${names.join(', ')}), ${steps} steps\n`);

  async function read() {
    const found = withFirst(file === undefined ? BUILT_IN_VMS : await readVms(session, file), vm);
    const read = scenario === undefined ? undefined : await readScenario(session, scenario);
    if (read) checkScenarioVms(read, found);
    return { vms: found, steps: read?.steps.length ?? 0 };
  }
}

async function run(session: Session, flags: ImdsFlags): Promise<void> {
  const emulator = await start(session, flags);
  const started = [emulator.close];
  try {
    const control = await startControl(emulator, flags.controlPort);
    if (control) started.push(control.close);
    if (flags.authority !== undefined) await writeText(session, flags.authority, emulator.authority.pem);
    // From the moment it is announced, a signal ends it in order.
    const ended = interrupted();
    announce({ url: emulator.url, vms: emulator.vms, control: control?.url }, flags.json === true, session);
    await ended;
  } finally {
    for (const close of started) await close();
  }
}

async function startControl(emulator: StartedEmulator, port: number | undefined) {
  if (port === undefined) return null;
  const { startControlServer } = await import('../../emulator/server/controlServer.ts');
  return startControlServer(emulator, port).catch((error: unknown) =>
    explainAddress(error, LOOPBACK, port, '--control-port'),
  );
}

async function start(session: Session, flags: ImdsFlags): Promise<StartedEmulator> {
  const { bind: host = LOOPBACK, vms: file, vm, fault: faults = [], authorityDir } = flags;
  await checkAddress(session, host, flags.force === true);
  const { startEmulator } = await import('../../emulator/server/startEmulator.ts');
  const port = flags.port ?? (reachOf(host) === 'link-local' ? IMDS_PORT : PORT);
  const { rateLimit, lifetime, unknownVersion, scenario } = flags;
  const options: StartOptions = {
    ...{ port, host, faults },
    ...(file !== undefined && { vms: await readVms(session, file) }),
    ...(vm !== undefined && { vm }),
    ...(scenario !== undefined && { scenario: await readScenario(session, scenario) }),
    ...(authorityDir !== undefined && { authorityFolder: resolve(session.directory, authorityDir) }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(lifetime !== undefined && { lifetime }),
    ...(unknownVersion !== undefined && { unknownVersion }),
    ...(flags.log === true && { log: createLog(session, flags.json === true) }),
  };
  return startEmulator(options).catch((error: unknown) => explainAddress(error, host, port));
}

/** The emulator must not stand before the IMDS of a VM, and is open to a network only if somebody wants it. */
async function checkAddress(session: Session, host: string, isForced: boolean): Promise<void> {
  const reach = reachOf(host);
  if (reach === 'loopback') return;
  if (!isForced && (await isAzureChassis())) {
    throw new CommandError(
      'azure_chassis',
      `this is a VM of Azure, whose own IMDS the emulator would hide or be taken for. Run it elsewhere, or add --force`,
    );
  }
  if (reach !== 'network') return;
  session.complain(
    `countersign imds: ${printable(host)} is neither a loopback nor a link-local address. Everybody who reaches it gets documents and tokens that the emulator signs; use it only where all of them may.\n`,
  );
}

function createLog(session: Session, asJson: boolean): (entry: EmulatorLogEntry) => void {
  return ({ vm, method, path, status, milliseconds, ...rest }) => {
    const time = new Date(session.now()).toISOString();
    const rounded = Math.round(milliseconds * 10) / 10;
    const entry = { time, vm, method, path: cut(path), status, milliseconds: rounded, ...rest };
    if (asJson) session.complain(jsonLine(entry));
    else
      session.complain(
        `${time} ${vm === '' ? '-' : printable(vm)} ${method} ${printable(cut(path))} ${status} ${rounded} ms${told(rest)}\n`,
      );
  };
}

const told = ({ fault, failure }: Pick<EmulatorLogEntry, 'fault' | 'failure'>) =>
  `${fault === undefined ? '' : ` fault ${fault}`}${failure === undefined ? '' : ` failure ${printable(failure)}`}`;

const MAX_PATH = 256;

function cut(path: string): string {
  return path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH)}…`;
}

async function readScenario(session: Session, file: string) {
  const { parseScenario } = await import('../../emulator/scenario/scenario.ts');
  return parseScenario(await readText(session, file, MAX_VM_FILE), nameOf(file));
}

const MAX_VM_FILE = 1024 * 1024;

async function readVms(session: Session, file: string) {
  const { parseVmFile } = await import('../../emulator/vms/vmFile.ts');
  return parseVmFile(await readText(session, file, MAX_VM_FILE), nameOf(file));
}

interface Announced extends Pick<StartedEmulator, 'url' | 'vms'> {
  readonly control: string | undefined;
}

function announce({ url, vms, control }: Announced, json: boolean, session: Session): void {
  const names = vms.map(({ name }) => name);
  if (json) session.out(jsonLine({ url, vms: names, control }));
  else {
    const controlled = control === undefined ? '' : `; control API at ${control}`;
    session.out(`IMDS at ${url}, virtual machines at ${url}/vms/NAME: ${names.join(', ')}, fleet-N${controlled}\n`);
  }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Write a number from 0 (any free port) to 65535.');
}

function collectFaults(name: string, earlier: readonly FaultName[] | undefined): readonly FaultName[] | undefined {
  if (isFaultName(name)) return [...(earlier ?? []), name];
  throw new InvalidArgumentError(`The faults are ${FAULT_NAMES.join(', ')}.`);
}

function explainAddress(error: unknown, host: string, port: number, flag = '--port'): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is in use. Stop what uses it, or choose another with ${flag}`;
    throw new CommandError('port_in_use', message);
  }
  if (code === 'EADDRNOTAVAIL') {
    const cure = `Add it, on Linux with "ip address add ${host}/32 dev lo", or choose another with --bind`;
    throw new CommandError('address_absent', `${host} is no address of this machine. ${cure}`);
  }
  if (code === 'EACCES') {
    const message = `port ${port} of ${host} may not be opened by this user. Start it as root, or choose a port from 1024 on with ${flag}`;
    throw new CommandError('port_forbidden', message);
  }
  throw error;
}

function parseAddress(text: string): string {
  if (reachOf(text) !== null) return text;
  throw new InvalidArgumentError('Write an IP address, such as 169.254.169.254.');
}

function parseRate(text: string): number {
  if (/^\d{1,6}$/.test(text)) return text === '0' ? Infinity : Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 on, or 0 for no limit.');
}

function parseLifetime(text: string): number {
  const lifetime = parseDuration(text);
  if (lifetime !== null && lifetime >= 1_000) return lifetime;
  throw new InvalidArgumentError('Write a time from 1s on, such as 90s, 30m or 6h.');
}

function parseStatus(text: string): 400 | 404 {
  if (text === '400' || text === '404') return text === '400' ? 400 : 404;
  throw new InvalidArgumentError('Write 400 or 404.');
}

function interrupted(): Promise<unknown> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, settle);
  });
}
