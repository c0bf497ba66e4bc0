import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { parseSchedule } from '../../../src/dev/functionsHost/ncrontab.ts';
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
  ['0 0 0 * * */7', '2026-11-29T00:00:00.000Z'],
  ['  0  0 0 * * *  ', '2026-11-24T00:00:00.000Z'],
])('%s is next due at %s', (text, expected) => {
  expect(parse(text).nextAfter(MONDAY_NOON).toISOString()).toBe(expected);
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
  '@daily',
  '2026-11-23T12:00:00',
  '0 0 0 L * *',
  '0 0 0 15W * *',
  '0 0 0 ? * *',
  '0 0 0 * * MON#2',
  '0 0 0 * * +MON',
  '0 0 0 * * 1-7',
  '0 0 0 mon * *',
  '0 0 0 * * fri-mon',
  '*/99 * * * * *',
])('%j is refused', (text) => {
  expect(parseSchedule(text)).toMatch(/is not an NCRONTAB expression/);
});

test('a schedule that never comes is refused', () => {
  expect(parseSchedule('0 0 0 30 2 *')).toBe('"0 0 0 30 2 *" never comes: no month has such a day.');
});

interface Field {
  readonly text: string;
  readonly fits: (value: number) => boolean;
}

function fieldUpTo(last: number): fc.Arbitrary<Field> {
  return fc.oneof(
    fc.constant({ text: '*', fits: () => true }),
    fc.integer({ min: 0, max: last }).map((one) => ({ text: `${one}`, fits: (value: number) => value === one })),
    fc
      .integer({ min: 2, max: last })
      .map((step) => ({ text: `*/${step}`, fits: (value: number) => value % step === 0 })),
  );
}

test('the next time is the first second after that fits every field', () => {
  const after = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2040-01-01T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(fieldUpTo(59), fieldUpTo(59), fieldUpTo(23), after, (seconds, minutes, hours, at) => {
      const schedule = parse(`${seconds.text} ${minutes.text} ${hours.text} * * *`);
      const fits = (time: Date) =>
        seconds.fits(time.getUTCSeconds()) && minutes.fits(time.getUTCMinutes()) && hours.fits(time.getUTCHours());
      let expected = Math.floor(at.getTime() / 1000) * 1000 + 1000;
      while (!fits(new Date(expected))) expected += 1000;
      expect(schedule.nextAfter(at).getTime()).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

test('the wait across a century that is no leap year is found', () => {
  expect(parse('0 0 0 29 2 sat').nextAfter(new Date('2080-03-01T00:00:00Z')).toISOString()).toBe(
    '2116-02-29T00:00:00.000Z',
  );
});
