const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** @returns milliseconds; null where the text is no length of time such as `500ms`, `60s`, `5m` or `6h` */
export function parseDuration(text: string): number | null {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const scale = UNITS[unit];
  return scale === undefined ? null : Number(digits) * scale;
}
