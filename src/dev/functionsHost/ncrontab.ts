import { Cron } from 'croner';

/** A timer's schedule, in UTC. */
export interface TimerSchedule {
  /** The first time after `after` at which the timer is due. */
  readonly nextAfter: (after: Date) => Date;
}

const VALUE = String.raw`(?:\d{1,2}|[a-z]{3})`;
const ITEM = String.raw`(?:\*|${VALUE}(?:-${VALUE})?)(?:/\d{1,2})?`;
const FIELD = `${ITEM}(?:,${ITEM})*`;

/** NCRONTAB's grammar. The library also reads `L`, `W`, `#`, `?`, `+`, nicknames and dates, and takes 7 for Sunday. */
const NCRONTAB = new RegExp(`^${FIELD}(?: ${FIELD}){5}$`, 'i');
const SEVEN = /(?<!\/)\b7\b/;

/**
 * Parses an NCRONTAB expression: six fields from seconds to weekday, or five with the seconds left out and taken as 0. A field
 * is `*` or a list of values and ranges, each with an optional step. Day and weekday must both fit (unlike cron).
 *
 * @returns the schedule, or what is wrong in one sentence
 */
export function parseSchedule(text: string): TimerSchedule | string {
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  const expression = fields.join(' ');
  if (!NCRONTAB.test(expression) || SEVEN.test(fields[5] ?? '')) {
    return `"${text}" is not an NCRONTAB expression. Write {second} {minute} {hour} {day} {month} {day of week}.`;
  }
  try {
    const options = { mode: '6-part', timezone: 'UTC', domAndDow: true, sloppyRanges: true, paused: true } as const;
    return toSchedule(text, new Cron(expression, options));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    return `"${text}" is not an NCRONTAB expression. ${reason.replace(/\.?$/, '.')}`;
  }
}

function toSchedule(text: string, cron: Cron): TimerSchedule | string {
  if (cron.nextRun(new Date(0)) === null) return `"${text}" never comes: no month has such a day.`;
  return {
    nextAfter: (after) => {
      const next = cron.nextRun(after);
      if (next === null) throw new Error('A schedule that was accepted has no next time.');
      return next;
    },
  };
}
