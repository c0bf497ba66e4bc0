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
