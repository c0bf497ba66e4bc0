import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { ClientError, systemErrorCode } from '../../clientError.ts';
import { importInto, requestIn } from '../../offline/offline.ts';
import { openAgent } from '../agent.ts';
import type { Agent } from '../agent.ts';
import { UsageError } from '../command.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exitCodes.ts';
import type { World } from '../world.ts';

/*
 * A licence by file, for a VM that cannot reach the service. Files are opened before root gives up its rights: whoever
 * carries them has them in a folder of their own.
 */

export const REQUEST: Command = {
  name: 'request',
  summary: 'Writes the request of a VM that cannot reach the service',
  description: `Take the file to the vendor within seven days. It holds no key, and the claim code where there is one. What
comes back is for "import". Without --out the request goes to standard output.`,
  options: { out: { value: 'FILE', summary: 'write the request to this file' } },
  run: runRequest,
};

export const IMPORT: Command = {
  name: 'import',
  usage: 'FILE',
  summary: 'Verifies and keeps the licence that came back as a file',
  description: 'FILE is what the vendor wrote with "countersign activate". Nothing is asked of the service.',
  words: 1,
  run: runImport,
};

async function runRequest({ options: { out }, world }: Call): Promise<number> {
  const file = typeof out === 'string' ? openOut(out) : undefined;
  try {
    const written = await requestIn((await openAgent(world)).session);
    if (!written.written) return tell(world, 'No request was written', written);
    const text = `${JSON.stringify(written.request, null, 2)}\n`;
    if (file === undefined) world.out(text);
    else {
      file.write(text);
      world.out(`The request of the VM ${written.vmId} was written to ${String(out)}.\n`);
    }
    return 0;
  } finally {
    file?.close();
  }
}

async function runImport({ words: [path], world }: Call): Promise<number> {
  if (path === undefined) throw new UsageError('"import" needs the FILE that came back from the vendor.');
  const content = readWhole(path);
  const { session }: Agent = await openAgent(world);
  const imported = await importInto(session, content);
  if (!imported.imported) {
    // Nobody was asked but IMDS: anything else is a file that cannot be used here.
    const isOfFile = imported.state === 'unreachable' && !imported.code.startsWith('imds');
    return tell(world, 'The licence was not imported', isOfFile ? { ...imported, state: 'misconfigured' } : imported);
  }
  world.out(`The licence ${imported.licence.id} is valid until ${imported.licence.expiresAt}.\n`);
  return 0;
}

interface Failed {
  readonly state: keyof typeof EXIT;
  readonly code: string;
  readonly reason: string;
}

function tell(world: World, what: string, { state, code, reason }: Failed): number {
  world.complain(`${what} (${code}). ${reason}\n`);
  return EXIT[state];
}

interface OutFile {
  readonly write: (text: string) => void;
  readonly close: () => void;
}

/** What is in the file already stays until there is something to write. @throws {UsageError} */
function openOut(path: string): OutFile {
  const file = named(path, 'written', () => openSync(path, 'a', 0o644));
  let isWritten = fstatSync(file).size > 0;
  return {
    write: (text) => {
      ftruncateSync(file);
      writeFileSync(file, text);
      isWritten = true;
    },
    close: () => {
      closeSync(file);
      if (!isWritten) rmSync(path, { force: true });
    },
  };
}

/** Octets: a licence and a key set have some 20 KB. */
const MAX_FILE = 256 * 1024;

/** @throws {UsageError} */
function readWhole(path: string): Uint8Array {
  return named(path, 'read', () => {
    const file = openSync(path, 'r');
    try {
      const octets = Buffer.alloc(MAX_FILE + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < octets.length; length += read) {
        read = readSync(file, octets, { offset: length });
      }
      if (length > MAX_FILE) throw new UsageError(`${path} is larger than ${MAX_FILE / 1024} KiB. Check the path.`);
      return octets.subarray(0, length);
    } finally {
      closeSync(file);
    }
  });
}

function named<Value>(path: string, verb: string, use: () => Value): Value {
  try {
    return use();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || error instanceof ClientError) throw error;
    throw new UsageError(`${path} cannot be ${verb} (${code}). Check the path.`);
  }
}
