import { UsageError } from './command.ts';
import { printable } from './printable.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A byte order mark is taken away. @throws {UsageError} */
export function decodeText(name: string, octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new UsageError(`${printable(name)} is not UTF-8: save it as UTF-8 (in spreadsheets "CSV UTF-8")`);
  }
}
