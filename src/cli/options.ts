import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './command.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * `node:util` parseArgs, strict, with its complaints as usage errors.
 *
 * @throws {UsageError}
 */
export function parseOptions<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'unreadable options');
  }
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * @returns milliseconds since the epoch
 * @throws {UsageError}
 */
export function parseTime(text: string): number {
  const [, date] = RFC_3339.exec(text) ?? [];
  const instant = date !== undefined && isDay(date) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw new UsageError(`"${text}" is not a time of RFC 3339, such as 2026-06-25T18:57:45Z`);
  return instant;
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
