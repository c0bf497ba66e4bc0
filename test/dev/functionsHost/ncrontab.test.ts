import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { nextOccurrence, parseSchedule } from '../../../src/dev/functionsHost/ncrontab.ts';
import type { TimerSchedule } from '../../../src/dev/functionsHost/ncrontab.ts';

function parse(text: string): TimerSchedule {
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') throw new Error(schedule);
  return schedule;
}

const MONDAY_NOON = new Date('2026-11-23T12:00:00.250Z');

test.each([
  ['0 */5 * * * *', '2026-11-23T12:05:00.000Z'],
  ['*/5 * * * *', '2026-11-23T12:05:00.000Z'],
  ['* * * * * *', '2026-11-23T12:00:01.000Z'],
  ['0 0 12 * * *', '2026-11-24T12:00:00.000Z'],
  ['0 30 9 * * MON-FRI', '2026-11-24T09:30:00.000Z'],
  ['0 0 9 * jan,Mar sun', '2027-01-03T09:00:00.000Z'],
  ['0 0 5-8/2 * * *', '2026-11-24T05:00:00.000Z'],
  ['0 50/4 * * * *', '2026-11-23T12:50:00.000Z'],
  ['59 59 23 31 12 *', '2026-12-31T23:59:59.000Z'],
  ['0 0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
  ['0 0 0 29 2 tue', '2028-02-29T00:00:00.000Z'],
  ['0 0 0 13 * 5', '2027-08-13T00:00:00.000Z'],
])('%s is next due at %s', (text, expected) => {
  expect(nextOccurrence(parse(text), MONDAY_NOON)?.toISOString()).toBe(expected);
});

test.each([
  '',
  '* * * *',
  '* * * * * * *',
  '60 * * * * *',
  '* 60 * * * *',
  '* * 24 * * *',
  '* * * 0 * *',
  '* * * 32 * *',
  '* * * * 13 *',
  '* * * * * 7',
  '* * * * * mond',
  '*/0 * * * * *',
  '5-1 * * * * *',
  '1, * * * * *',
  '*-5 * * * * *',
  '-1 * * * * *',
  '1.5 * * * * *',
  '00:05:00',
])('%j is refused', (text) => {
  expect(parseSchedule(text)).toMatch(/is no NCRONTAB expression/);
});

test('a schedule that never comes is refused', () => {
  expect(parseSchedule('0 0 0 30 2 *')).toBe('"0 0 0 30 2 *" never comes: no month has such a day.');
});

test('the next time is the first second after that fits every field', () => {
  const field = (last: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 0, max: last }).map(String),
      fc.integer({ min: 2, max: last }).map((step) => `*/${step}`),
    );
  const after = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2040-01-01T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(field(59), field(59), field(23), after, (seconds, minutes, hours, at) => {
      const schedule = parse(`${seconds} ${minutes} ${hours} * * *`);
      let expected = Math.floor(at.getTime() / 1000) * 1000 + 1000;
      while (!fits(schedule, new Date(expected))) expected += 1000;
      expect(nextOccurrence(schedule, at)?.getTime()).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

function fits(schedule: TimerSchedule, at: Date): boolean {
  return (
    schedule.seconds.includes(at.getUTCSeconds()) &&
    schedule.minutes.includes(at.getUTCMinutes()) &&
    schedule.hours.includes(at.getUTCHours())
  );
}
