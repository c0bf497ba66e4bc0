import { createReadStream } from 'node:fs';
import { realpath, writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { decodeText } from '../contract/decodeText.ts';
import { parsePlainJson } from '../contract/plainJson.ts';
import { JsonError } from '../contract/strictJson.ts';
import { CommandError, UsageError } from './command.ts';
import type { Io } from './command.ts';
import { escapeUncoloured, printable } from './printable.ts';

/*
 * The one reader of files. A file may be `-` for standard input. What stands in the file is data of strangers: it is
 * bounded while it is read, and before it is parsed.
 */

/** Octets of a text that a command reads whole; the service takes no larger file. */
const MAX_TEXT = 8 * 1024 * 1024;

export interface FileStart {
  readonly octets: Buffer;
  /** Whether the file goes on. */
  readonly isCut: boolean;
}

/** The first octets of a file. @throws {CommandError} `file_unreadable` */
export async function readStart(io: Io, file: string, limit: number): Promise<FileStart> {
  const source: AsyncIterable<Uint8Array> =
    file === '-' ? io.readStdin() : createReadStream(resolve(io.directory, file));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of source) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } catch (error) {
    throw new CommandError('file_unreadable', `${nameOf(file)} cannot be read: ${explainFile(error)}`);
  }
  return { octets: Buffer.concat(chunks).subarray(0, limit), isCut: length > limit };
}

/**
 * A whole text in any of the encodings of {@link decodeFile}.
 *
 * @throws {CommandError} `file_unreadable`, `file_too_large`
 */
export async function readText(io: Io, file: string, limit = MAX_TEXT): Promise<string> {
  const { octets, isCut } = await readStart(io, file, limit);
  if (isCut) {
    throw new CommandError(
      'file_too_large',
      `${nameOf(file)} is larger than ${formatSize(limit)}. Split it into parts`,
    );
  }
  return decodeFile(octets, nameOf(file));
}

/**
 * JSON, read strictly: a key that an object has twice is refused by its name.
 *
 * @throws {CommandError} `file_unreadable`, `file_too_large`, `file_malformed`
 */
export function parseJsonFile(text: string, file: string): unknown {
  try {
    return parsePlainJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new CommandError('file_malformed', `${nameOf(file)} cannot be read as JSON: ${error.message}`);
  }
}

/**
 * UTF-8 and UTF-16, with a byte order mark, which is taken away, or without one.
 *
 * @param name for the complaint
 * @throws {CommandError} `file_unreadable`
 */
function decodeFile(octets: Uint8Array, name: string): string {
  const text = decodeText(octets);
  if (text !== null) return text;
  throw new CommandError(
    'file_unreadable',
    `${name} is neither UTF-8 nor UTF-16. Save it as UTF-8 (in spreadsheets: "CSV UTF-8")`,
  );
}

/** @throws {CommandError} `file_unwritable` */
export async function writeText(io: Io, file: string, text: string): Promise<void> {
  await writeFile(resolve(io.directory, file), text).catch((error: unknown) => {
    throw new CommandError('file_unwritable', `${nameOf(file)} cannot be written: ${explainFile(error)}`);
  });
}

/**
 * What is read is not what is written: it would be lost.
 *
 * @throws {UsageError}
 */
export async function checkOut({ directory }: Io, out: string, inputs: readonly string[]): Promise<void> {
  const placeOf = (name: string) => realpath(resolve(directory, name)).catch(() => null);
  const place = await placeOf(out);
  for (const input of inputs) {
    if (place !== null && place === (await placeOf(input))) {
      throw new UsageError(`--out names the file ${printable(input)}, which is an input: name another file`);
    }
  }
}

/** What a file would hold, on standard output: as it is for programs, and escaped on a terminal. */
export function printFile({ out, terminal }: Io, text: string): void {
  out(terminal === null ? text : escapeUncoloured(text));
}

/** A file is never written in a form that its name contradicts. */
export function chooseKind(out: string | undefined, isJson: boolean): 'JSON' | 'CSV' {
  const extension = out === undefined ? '' : extname(out).toLowerCase();
  if (extension === '.json') return 'JSON';
  if (extension === '.csv') return 'CSV';
  return isJson ? 'JSON' : 'CSV';
}

/** For messages. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : printable(file);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder. Check the path',
  EISDIR: 'it is a directory. Name a file',
  EACCES: 'permission denied. Check its owner and mode',
  EPERM: 'permission denied. Check its owner and mode',
};

/** Why a file could not be read or written. */
export function explainFile(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'unknown error' : code);
}

function formatSize(octets: number): string {
  const kibibytes = octets / 1024;
  return kibibytes < 1024 ? `${kibibytes} KiB` : `${kibibytes / 1024} MiB`;
}
