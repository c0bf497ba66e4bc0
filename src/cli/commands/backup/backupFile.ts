import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { digestPart, MAX_PART, MAX_PARTS } from '../../../backup/parts.ts';
import { MAX_STATEMENT } from '../../../backup/statement.ts';
import { CommandError } from '../../command.ts';
import type { Io } from '../../command.ts';
import { explainFile, nameOf } from '../../files.ts';

/*
 * A backup as a file: one line of JSON with the statement and, of each part, digest and octets; then the parts one after the
 * other, as the service gave them.
 */

const head = z.strictObject({
  statement: z.string().max(MAX_STATEMENT),
  parts: z
    .array(z.tuple([z.string().length(43), z.int().min(0).max(MAX_PART)]))
    .min(1)
    .max(MAX_PARTS),
});

/** What stands in the first line. */
export type BackupHead = z.output<typeof head>;

/** Octets of the longest first line. */
const MAX_HEAD = MAX_STATEMENT + MAX_PARTS * 64;

export interface BackupWriter {
  add(part: string): Promise<void>;
  /** Puts the whole file where it belongs: until then there is none, or the one before. */
  finish(statement: string): Promise<void>;
  /** Removes what was written, unless it is finished. */
  abandon(): Promise<void>;
}

const OWNER_ALONE = 0o600;

/** @throws {CommandError} `file_unwritable` */
export async function createBackupFile({ directory }: Io, file: string): Promise<BackupWriter> {
  const place = resolve(directory, file);
  const [body, whole] = [`${place}.${randomUUID()}.parts`, `${place}.${randomUUID()}.new`];
  const parts: BackupHead['parts'] = [];
  const attempt = <T>(run: () => Promise<T>): Promise<T> =>
    run().catch((error: unknown) => {
      throw new CommandError('file_unwritable', `${nameOf(file)} cannot be written: ${explainFile(error)}`);
    });
  const written = await attempt(() => open(body, 'wx+', OWNER_ALONE));
  return {
    add: async (part) => {
      parts.push([digestPart(part), Buffer.byteLength(part)]);
      await attempt(() => written.writeFile(part));
    },
    finish: (statement) =>
      attempt(async () => {
        const handle = await open(whole, 'wx', OWNER_ALONE);
        try {
          await handle.writeFile(`${JSON.stringify({ statement, parts })}\n`);
          await copy(written, handle, parts);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(whole, place);
        await syncFolder(dirname(place));
      }),
    abandon: async () => {
      await written.close();
      await rm(body, { force: true });
      await rm(whole, { force: true });
    },
  };
}

async function copy(from: FileHandle, to: FileHandle, parts: BackupHead['parts']): Promise<void> {
  let position = 0;
  for (const [, octets] of parts) {
    const { buffer } = await from.read(Buffer.alloc(octets), 0, octets, position);
    await to.writeFile(buffer);
    position += octets;
  }
}

/** So that the name lasts too. Windows opens no folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface OpenedBackup extends BackupHead {
  /** @throws {CommandError} `file_malformed` where it is not the part that the first line names */
  readPart(index: number): Promise<string>;
  close(): Promise<void>;
}

/** @throws {CommandError} `file_unreadable`, `file_malformed` */
export async function openBackupFile({ directory }: Io, file: string): Promise<OpenedBackup> {
  const handle = await open(resolve(directory, file), 'r').catch((error: unknown) => {
    throw new CommandError('file_unreadable', `${nameOf(file)} cannot be read: ${explainFile(error)}`);
  });
  try {
    const { parts, statement, octets } = await readHead(handle, file);
    const places = placesOf(parts, octets);
    return {
      ...{ parts, statement },
      readPart: async (index) => {
        const [digest = '', size = 0] = parts[index] ?? [];
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, places[index] ?? 0);
        const text = buffer.subarray(0, bytesRead).toString('utf8');
        if (digestPart(text) === digest) return text;
        throw malformed(file, `part ${index + 1} of ${parts.length} is not as it was written`);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where each part begins. */
function placesOf(parts: BackupHead['parts'], first: number): readonly number[] {
  let next = first;
  return parts.map(([, octets]) => (next += octets) - octets);
}

async function readHead(handle: FileHandle, file: string): Promise<BackupHead & { readonly octets: number }> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_HEAD), 0, MAX_HEAD, 0).catch((error: unknown) => {
    throw new CommandError('file_unreadable', `${nameOf(file)} cannot be read: ${explainFile(error)}`);
  });
  const end = buffer.subarray(0, bytesRead).indexOf('\n');
  const parsed = head.safeParse(parseJson(buffer.subarray(0, Math.max(0, end)).toString('utf8')));
  if (!parsed.success) throw malformed(file, 'its first line is not that of a backup');
  return { ...parsed.data, octets: end + 1 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(file: string, why: string): CommandError {
  return new CommandError(
    'file_malformed',
    `${nameOf(file)} cannot be restored: ${why}. Use the file as countersign backup wrote it`,
  );
}
