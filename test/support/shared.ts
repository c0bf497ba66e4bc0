import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Reference data that lies beside the repository and is never committed to it: genuine attested documents, CA
 * certificates, public test suites. Tests that read it use `test.skipIf(!shared)`, so they are seen to be skipped.
 */
const FOLDER = resolve(import.meta.dirname, '../../../shared');

/** Whether the reference data is there. */
export const hasShared = existsSync(join(FOLDER, 'attested-documents', 'expected.json'));

/** The absolute path of a file or folder of the reference data. */
export function sharedPath(...parts: string[]): string {
  return join(FOLDER, ...parts);
}

export function readSharedText(...parts: string[]): string {
  return readFileSync(sharedPath(...parts), 'utf8');
}

export function listShared(...parts: string[]): string[] {
  return readdirSync(sharedPath(...parts)).sort();
}

/** One row of `attested-documents/expected.json`. */
export interface ExpectedDocument {
  readonly file: string;
  /** RFC 3339 */
  readonly at: string;
  readonly expect: 'accept' | 'reject';
  readonly code?: string;
  readonly cloud?: string;
  readonly region?: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export function expectedDocuments(): ExpectedDocument[] {
  return hasShared ? (JSON.parse(readSharedText('attested-documents', 'expected.json')) as ExpectedDocument[]) : [];
}
