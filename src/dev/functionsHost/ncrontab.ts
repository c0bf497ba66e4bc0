/** A timer's schedule: for each field, the values at which it is due, ascending. All of it in UTC. */
export interface TimerSchedule {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday */
  readonly weekdays: readonly number[];
}

interface Field {
  readonly key: keyof TimerSchedule;
  readonly first: number;
  readonly last: number;
  /** three-letter names of the values from `first` on */
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { key: 'seconds', first: 0, last: 59 },
  { key: 'minutes', first: 0, last: 59 },
  { key: 'hours', first: 0, last: 23 },
  { key: 'days', first: 1, last: 31 },
  {
    key: 'months',
    first: 1,
    last: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { key: 'weekdays', first: 0, last: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DAY = 86_400_000;
/** The longest wait that there is: 29 February on a given weekday, across a century that is no leap year. */
const LONGEST_WAIT_DAYS = 41 * 366;

/**
 * Parses an NCRONTAB expression: six fields from seconds to weekday, or five with the seconds left out and taken as 0. A field
 * is `*` or a list of values and ranges, each with an optional step. Day and weekday must both fit (unlike cron).
 * @returns the schedule, or what is wrong in one sentence
 */
export function parseSchedule(text: string): TimerSchedule | string {
  const parts = text.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== FIELDS.length) {
    return `"${text}" is no NCRONTAB expression: write {second} {minute} {hour} {day} {month} {day of week}.`;
  }
  const schedule: Partial<Record<keyof TimerSchedule, readonly number[]>> = {};
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(parts[index] ?? '', field);
    if (values === undefined) {
      return `"${text}" is no NCRONTAB expression: its ${field.key} must be of ${field.first} to ${field.last}, such as "*", "1,5", "1-5" or "*/5".`;
    }
    schedule[field.key] = values;
  }
  const complete = schedule as TimerSchedule;
  return nextOccurrence(complete, new Date(0)) === undefined
    ? `"${text}" never comes: no month has such a day.`
    : complete;
}

function parseField(text: string, field: Field): readonly number[] | undefined {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const range = parseRange(item, field);
    if (range === undefined) return undefined;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseRange(item: string, field: Field): { from: number; to: number; step: number } | undefined {
  const groups = /^(?:(?<all>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d{1,2}))?$/.exec(item)?.groups;
  if (groups === undefined) return undefined;
  const step = groups['step'] === undefined ? 1 : Number(groups['step']);
  if (step === 0) return undefined;
  if (groups['all'] !== undefined) return { from: field.first, to: field.last, step };
  const from = parseValue(groups['from'] ?? '', field);
  // "5/10" is from 5 to the field's end.
  const open = groups['step'] === undefined ? from : field.last;
  const to = groups['to'] === undefined ? open : parseValue(groups['to'], field);
  return from === undefined || to === undefined || from > to ? undefined : { from, to, step };
}

function parseValue(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.first : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return value >= field.first && value <= field.last ? value : undefined;
}

/** The first time after `after` at which the schedule is due; undefined where there is none. */
export function nextOccurrence(schedule: TimerSchedule, after: Date): Date | undefined {
  const today = Math.floor(after.getTime() / DAY) * DAY;
  for (let days = 0; days < LONGEST_WAIT_DAYS; days += 1) {
    const midnight = today + days * DAY;
    if (!isDueOn(schedule, new Date(midnight))) continue;
    const time = firstTimeOfDay(schedule, after.getTime() - midnight);
    if (time !== undefined) return new Date(midnight + time);
  }
  return undefined;
}

function isDueOn(schedule: TimerSchedule, day: Date): boolean {
  return (
    schedule.months.includes(day.getUTCMonth() + 1) &&
    schedule.days.includes(day.getUTCDate()) &&
    schedule.weekdays.includes(day.getUTCDay())
  );
}

/** @param after milliseconds since midnight; negative before it */
function firstTimeOfDay(schedule: TimerSchedule, after: number): number | undefined {
  for (const hour of schedule.hours) {
    if ((hour + 1) * 3_600_000 <= after) continue;
    for (const minute of schedule.minutes) {
      for (const second of schedule.seconds) {
        const time = ((hour * 60 + minute) * 60 + second) * 1000;
        if (time > after) return time;
      }
    }
  }
  return undefined;
}
