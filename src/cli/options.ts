import { InvalidArgumentError } from '@commander-js/extra-typings';
import { UsageError } from './command.ts';
import { AZURE_CLOUDS } from '../contract/clouds.ts';

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * @returns milliseconds since the epoch
 * @throws {InvalidArgumentError}
 */
export function parseTime(text: string): number {
  const [, date] = RFC_3339.exec(text) ?? [];
  const instant = date !== undefined && isDay(date) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw new InvalidArgumentError('Write a time of RFC 3339, such as 2026-06-25T18:57:45Z.');
  return instant;
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

/** As {@link parseTime}, in the form that the service takes. */
export function parseInstant(text: string): string {
  return new Date(parseTime(text)).toISOString();
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day (UTC). @throws {InvalidArgumentError} */
export function parseDay(text: string): string {
  if (DAY.test(text) && isDay(text)) return text;
  throw new InvalidArgumentError('Write a day such as 2026-11-01.');
}

/** A day, which begins at midnight (UTC), or a time of RFC 3339, in the form that the service takes. @throws {InvalidArgumentError} */
export function parseDayOrTime(text: string): string {
  if (DAY.test(text) && isDay(text)) return text;
  if (RFC_3339.test(text)) return parseInstant(text);
  throw new InvalidArgumentError('Write a day such as 2026-11-01, or a time of RFC 3339 such as 2026-11-01T12:00:00Z.');
}

/** @throws {InvalidArgumentError} */
export function parseCloud(name: string): string {
  if (Object.hasOwn(AZURE_CLOUDS, name)) return name;
  throw new InvalidArgumentError(`The clouds are ${Object.keys(AZURE_CLOUDS).join(', ')}.`);
}

/** Where a subscription is named without its cloud. */
export const USUAL_CLOUD = 'AzurePublicCloud';

/** A whole number from 1 to 9999999. @throws {InvalidArgumentError} */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}

const MAX_REASON = 500;

/** @throws {InvalidArgumentError} */
function parseReason(text: string): string {
  if (text.trim() !== '' && text.length <= MAX_REASON) return text;
  throw new InvalidArgumentError(`Write 1 to ${MAX_REASON} characters.`);
}

/** For an option that may be given several times. @throws {InvalidArgumentError} */
export function collectClouds(name: string, earlier: readonly string[] | undefined): readonly string[] | undefined {
  return [...(earlier ?? []), parseCloud(name)];
}

/**
 * The value of an option that a command needs. The library's own check comes before the one for unknown options, so that a
 * misspelt option would be reported as a missing one.
 *
 * @throws {UsageError}
 */
export function needed<T>(flags: string, value: T | undefined): T {
  if (value === undefined) throw new UsageError(`the option ${flags} is missing. Add it`);
  return value;
}

/** The arguments of commander's `option()` for options that several commands have. */
export const OPTIONS = {
  json: ['--json', 'print one JSON value and nothing else'],
  limit: ['--limit <n>', 'show at most this many', parseCount, 100],
  dryRun: ['--dry-run', 'show what would change, and write nothing'],
  reason: ['--reason <text>', 'why, for the service’s list of changes: at most 500 characters', parseReason],
  yes: ['--yes', 'go on without being asked'],
} as const;
