import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FAULTS, FAULT_NAMES, isFaultName } from '../../dev/imds/faults.ts';
import type { FaultName } from '../../dev/imds/faults.ts';
import { startEmulator } from '../../dev/imds/startEmulator.ts';
import type { StartedEmulator } from '../../dev/imds/startEmulator.ts';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { parseOptions } from '../options.ts';

const faultLines = FAULT_NAMES.map((name) => `  ${name.padEnd(20)}  ${FAULTS[name].does}`).join('\n');

const help = `countersign imds

Runs the emulator of Azure's Instance Metadata Service, until Ctrl-C. It signs attested documents as Azure does, under an
authority of its own that it makes at each start. docs/imds-emulator.md says what it serves.

Options:
  --port N          the port on 127.0.0.1; 0 is any that is free (default: 7080)
  --vms FILE        a JSON file with virtual machines of your own (default: the ones of Microsoft's article)
  --vm NAME         the one that the root answers for (default: the first)
  --fault NAME      let this go wrong; may be repeated
  --authority FILE  write the CA certificates there (PEM), for verify --trust-pem FILE --domain metadata.emulator.test
  --json            print one JSON line when it is up

Faults:
${faultLines}

Examples:
  countersign imds --authority authority.pem
  curl -s -H Metadata:true 'http://127.0.0.1:7080/metadata/attested/document?api-version=2020-09-01&nonce=1234567890'
`;

const OPTIONS = {
  port: { type: 'string' },
  vms: { type: 'string' },
  vm: { type: 'string' },
  fault: { type: 'string', multiple: true },
  authority: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const imds: Command = {
  summary: 'run the emulator of the Instance Metadata Service',
  help,
  async run(args, io) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    if (positionals.length > 0) throw new UsageError('imds takes options only');
    const port = parsePort(values.port ?? '7080');
    const emulator = await startEmulator({
      port,
      faults: (values.fault ?? []).map(parseFault),
      ...(values.vms === undefined ? {} : { vmFile: resolve(io.directory, values.vms) }),
      ...(values.vm === undefined ? {} : { vm: values.vm }),
    }).catch((error: unknown) => explainPort(error, port));
    try {
      if (values.authority !== undefined)
        await writeFile(resolve(io.directory, values.authority), emulator.authority.pem);
      announce(emulator, values.json ?? false, io);
      await interrupted();
    } finally {
      await emulator.close();
    }
    return 0;
  },
};

function announce({ url, vms }: StartedEmulator, json: boolean, io: Io): void {
  const names = vms.map(({ name }) => name);
  if (json) io.out(`${JSON.stringify({ url, vms: names })}\n`);
  else io.out(`IMDS at ${url}, virtual machines at ${url}/vms/NAME: ${names.join(', ')}, fleet-N\n`);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError('--port is a number from 0 (any that is free) to 65535');
}

function parseFault(name: string): FaultName {
  if (isFaultName(name)) return name;
  throw new UsageError(`there is no fault "${name}"; there are ${FAULT_NAMES.join(', ')}`);
}

function explainPort(error: unknown, port: number): never {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    throw new Error(`port ${port} of 127.0.0.1 is taken: stop what uses it, or choose another with --port`);
  }
  throw error;
}

function interrupted(): Promise<unknown> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, settle);
  });
}
