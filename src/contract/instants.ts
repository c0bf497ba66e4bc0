/** RFC 3339 has years of four digits: with its offset, a time may be of the year before or after. */
const FIRST_INSTANT = Date.parse('0000-01-01T00:00:00Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether {@link formatInstant} can write a time (milliseconds since the epoch). */
export function isInstant(at: number): boolean {
  return at >= FIRST_INSTANT && at <= LAST_INSTANT;
}

/** RFC 3339 UTC of milliseconds since the epoch; whole seconds are written without a fraction. */
export function formatInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

export function formatNullable(milliseconds: number | null): string | null {
  return milliseconds === null ? null : formatInstant(milliseconds);
}

/** NumericDate (RFC 7519): whole seconds, rounded down, so that a time is never claimed before it is reached. */
export function numericDate(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
