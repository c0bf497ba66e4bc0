import { hash } from 'node:crypto';
import { backupRecord, RECORD_KINDS } from './records.ts';
import type { BackupLine, BackupRecord, RecordKind } from './records.ts';

/*
 * A backup in parts: lines of JSON, each one object, in the order of RECORD_KINDS. A part is one request's share.
 */

/** Octets of a part as a JSON string: with what stands around it, one request has room for it. */
export const MAX_PART = 200 * 1024;

/** All digests together fit into one request. */
export const MAX_PARTS = 4_000;

/** A part cannot be what a backup has there. The message says what is wrong, and quotes nothing of it. */
export class PartError extends Error {
  override readonly name = 'PartError';
}

/** Octets that a text takes of {@link MAX_PART}. */
export function lengthOfText(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - QUOTES;
}

const QUOTES = 2;

export function writeLine(line: BackupLine): string {
  return `${JSON.stringify(line)}\n`;
}

export function digestPart(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** What a chain begins with. */
export const NO_PARTS = '';

/** The digest over all parts so far: none can be left out, exchanged or added. */
export function chainDigest(before: string, part: string): string {
  return hash('sha256', `${before}\n${part}`, 'base64url');
}

export function chainAll(parts: readonly string[]): string {
  return parts.reduce(chainDigest, NO_PARTS);
}

/** A part whose lines are all well formed and in order. */
export interface ReadPart {
  readonly records: readonly BackupRecord[];
  /** Null where there is no line. */
  readonly first: RecordKind | null;
  readonly last: RecordKind | null;
}

/** @throws {PartError} */
export function readPart(text: string): ReadPart {
  if (lengthOfText(text) > MAX_PART) throw new PartError('It is too long.');
  if (text === '') return { records: [], first: null, last: null };
  if (!text.endsWith('\n')) throw new PartError('Its last line is cut.');
  const records = text.slice(0, -1).split('\n').map(readRecord);
  const kinds = records.map(({ kind }) => kind);
  if (!isInOrder(kinds)) throw new PartError('Its lines are not in the order of a backup.');
  return { records, first: kinds[0] ?? null, last: kinds.at(-1) ?? null };
}

/** Whether what takes trust away comes before what gives it. */
export function isInOrder(kinds: readonly RecordKind[]): boolean {
  const places = kinds.map((kind) => RECORD_KINDS.indexOf(kind));
  return places.every((place, index) => index === 0 || place >= (places[index - 1] ?? 0));
}

function readRecord(line: string, index: number): BackupRecord {
  const parsed = backupRecord.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')})`;
  throw new PartError(`Line ${index + 1} is not an object of a backup that this version knows${where}.`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
