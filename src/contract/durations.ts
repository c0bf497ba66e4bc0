export const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** ISO 8601 durations without years and months, whose length depends on the calendar. */
const DURATION = /^P(?!$)(?:(\d{1,5})D)?(?:T(?!$)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/;

/** Milliseconds of `P7D`, `PT24H`, `P1DT12H30M`, or `null` if it is not such a duration. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((digits) => Number((digits as string | undefined) ?? 0));
  return (days ?? 0) * DAY + (hours ?? 0) * HOUR + (minutes ?? 0) * MINUTE + (seconds ?? 0) * SECOND;
}

export const DEFAULT_LIFETIME = 24 * HOUR;
export const DEFAULT_RENEW_AFTER = 12 * HOUR;
export const DEFAULT_GRACE = 7 * DAY;
/** The most whole weeks that fit, with the default grace, into the default life of a licence: one trip every three weeks. */
export const DEFAULT_OFFLINE_LIFETIME = 21 * DAY;
/** From the issue of a licence to the end of its grace, unless the service is set otherwise. */
export const DEFAULT_LICENCE_LIFE = 30 * DAY;
export const SHORTEST_LIFETIME = 5 * MINUTE;
export const MAX_DURATION = 400 * DAY;

const UNITS = [
  ['H', 3_600],
  ['M', 60],
  ['S', 1],
] as const;

/** ISO 8601, days first: what `parseDuration` reads. */
export function formatDuration(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1_000);
  const days = Math.floor(whole / 86_400);
  let rest = whole % 86_400;
  const time = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count === 0 ? '' : `${count}${unit}`;
  }).join('');
  if (days === 0 && time === '') return 'PT0S';
  return `P${days === 0 ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`;
}
