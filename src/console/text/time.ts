const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS = [
  ['d', DAY, 2 * DAY],
  ['h', HOUR, 2 * HOUR],
  ['min', MINUTE, MINUTE],
  ['s', SECOND, SECOND],
] as const;

/**
 * "12 min ago" or "in 3 d", in the largest unit of which there are enough.
 *
 * @param at and now in milliseconds since the epoch
 */
export function describeAgo(at: number, now: number): string {
  const distance = Math.abs(now - at);
  const unit = UNITS.find(([, , least]) => distance >= least);
  if (unit === undefined) return 'now';
  const [name, length] = unit;
  const amount = `${Math.floor(distance / length)} ${name}`;
  return at <= now ? `${amount} ago` : `in ${amount}`;
}

/** "2026-11-23 12:00:05 UTC" */
export function describeUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** "2026-11-23", for what is planned by the day. */
export function describeDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** "7 d" for P7D; the text itself where it is none. @param text an ISO 8601 duration, as offers have it */
export function describeDuration(text: string): string {
  const [, days, hours, minutes, seconds] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  const parts = [days, hours, minutes, seconds].map(
    (amount, index) => amount && `${amount} ${UNITS[index]?.[0] ?? ''}`,
  );
  return parts.filter((part) => part !== undefined).join(' ') || text;
}

/** Hour or day of a chart in few characters: "14:00", or "Mon 23". @param by what one bar is */
export function labelBar({ from }: { readonly from: number }, by: 'hour' | 'day'): string {
  const text = new Date(from).toISOString();
  return by === 'hour' ? text.slice(11, 16) : `${WEEKDAYS[new Date(from).getUTCDay()] ?? ''} ${text.slice(8, 10)}`;
}

/** The same in full: "2026-11-23 14:00–15:00", or "Mon 2026-11-23". */
export function describeBar({ from, until }: { readonly from: number; readonly until: number }, by: 'hour' | 'day') {
  if (by === 'hour') return `${describeDay(from)} ${labelBar({ from }, by)}–${labelBar({ from: until }, by)}`;
  return `${WEEKDAYS[new Date(from).getUTCDay()] ?? ''} ${describeDay(from)}`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The beginning of the day after one, in UTC. @param day such as "2026-11-23" */
export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString();
}
