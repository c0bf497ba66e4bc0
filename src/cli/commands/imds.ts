import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { FAULTS, FAULT_NAMES, isFaultName } from '../../emulator/faults.ts';
import type { FaultName } from '../../emulator/faults.ts';
import type { StartOptions, StartedEmulator } from '../../emulator/startEmulator.ts';
import { CommandError } from '../command.ts';
import type { Session } from '../command.ts';
import { nameOf, readText, writeText } from '../files.ts';
import { examples } from '../help.ts';
import { jsonLine } from '../printable.ts';

const FAULT_HELP = `
Faults:
${FAULT_NAMES.map((name) => `  ${name.padEnd(20)}  ${FAULTS[name].does}`).join('\n')}
`;

interface ImdsFlags {
  readonly port: number;
  readonly vms?: string | undefined;
  readonly vm?: string | undefined;
  readonly fault?: readonly FaultName[] | undefined;
}

export function createImds(session: Session) {
  return new Command('imds')
    .description(
      "Runs the emulator of Azure's Instance Metadata Service, until Ctrl-C. It signs attested documents as Azure does, under an authority of its own that it creates at each start. docs/imds-emulator.md describes what it serves.",
    )
    .option('--port <n>', 'the port on 127.0.0.1; 0 is any free one', parsePort, 7080)
    .option('--vms <file>', "a JSON file with virtual machines of your own (default: the ones of Microsoft's article)")
    .option('--vm <name>', 'the one that the root answers for (default: the first)')
    .option('--fault <name>', 'a fault to inject; may be repeated', collectFaults)
    .option(
      '--authority <file>',
      'write the CA certificates to this file (PEM), for verify --trust-pem FILE --domain metadata.emulator.test',
    )
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
      const emulator = await start(session, flags);
      try {
        if (flags.authority !== undefined) await writeText(session, flags.authority, emulator.authority.pem);
        // From the moment it is announced, a signal ends it in order.
        const ended = interrupted();
        announce(emulator, flags.json === true, session);
        await ended;
      } finally {
        await emulator.close();
      }
    });
}

async function start(session: Session, { port, vms: file, vm, fault = [] }: ImdsFlags): Promise<StartedEmulator> {
  const { startEmulator } = await import('../../emulator/startEmulator.ts');
  const options: StartOptions = {
    port,
    faults: fault,
    ...(file !== undefined && { vms: await readVms(session, file) }),
    ...(vm !== undefined && { vm }),
  };
  return startEmulator(options).catch((error: unknown) => explainPort(error, port));
}

const MAX_VM_FILE = 1024 * 1024;

async function readVms(session: Session, file: string) {
  const { parseVmFile } = await import('../../emulator/vmFile.ts');
  return parseVmFile(await readText(session, file, MAX_VM_FILE), nameOf(file));
}

function announce({ url, vms }: StartedEmulator, json: boolean, session: Session): void {
  const names = vms.map(({ name }) => name);
  if (json) session.out(jsonLine({ url, vms: names }));
  else session.out(`IMDS at ${url}, virtual machines at ${url}/vms/NAME: ${names.join(', ')}, fleet-N\n`);
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

function explainPort(error: unknown, port: number): never {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const message = `port ${port} of 127.0.0.1 is in use. Stop what uses it, or choose another with --port`;
    throw new CommandError('port_in_use', message);
  }
  throw error;
}

function interrupted(): Promise<unknown> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, settle);
  });
}
