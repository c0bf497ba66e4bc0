import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import { countHours, dayOf, dayStart, hoursBeginning, hoursOfDay, hoursToCount } from '../../src/contract/dayHours.ts';
import type { DayHours, LicensedTime } from '../../src/contract/dayHours.ts';
import { AT, DAY, HOUR, MINUTE } from '../support/licensing.ts';

const MIDNIGHT = dayStart(dayOf(AT));
const today = dayOf(AT);

function licensed(changed: Partial<LicensedTime> = {}): LicensedTime {
  return { issuedAt: AT, expiresAt: AT + DAY, counted: null, movedTo: null, ...changed };
}

test.each([
  { name: 'an instant is no part of an hour', from: 0, until: 0, hours: 0b0 },
  { name: 'a millisecond is', from: 0, until: 1, hours: 0b1 },
  { name: 'the end of an hour is not part of the next one', from: 0, until: HOUR, hours: 0b1 },
  { name: 'a part at both ends', from: HOUR - 1, until: 2 * HOUR + 1, hours: 0b111 },
  { name: 'a whole day', from: -DAY, until: 2 * DAY, hours: 2 ** 24 - 1 },
  { name: 'the last hour', from: DAY - 1, until: 2 * DAY, hours: 2 ** 23 },
  { name: 'another day', from: DAY, until: 2 * DAY, hours: 0 },
  { name: 'an end before its beginning', from: 2 * HOUR, until: HOUR, hours: 0 },
])('hours of a day: $name', ({ from, until, hours }) => {
  expect(hoursOfDay(today, MIDNIGHT + from, MIDNIGHT + until)).toBe(hours);
  expect(countHours(hours)).toBe(hours.toString(2).replaceAll('0', '').length);
});

test('an hour belongs to the range in which it begins, so that neighbouring ranges share none', () => {
  const [from, middle, until] = [MIDNIGHT + MINUTE, MIDNIGHT + 5 * HOUR + MINUTE, MIDNIGHT + 9 * HOUR] as const;
  const [first, second] = [hoursBeginning(today, from, middle), hoursBeginning(today, middle, until)];
  expect(first).toBe(0b11_1110);
  expect(second).toBe(0b1_1100_0000);
});

test('what the ledger has of the newest day is kept, and a row that would not change is left out', () => {
  const counted = { day: today, hours: 0b1 };
  expect(hoursToCount(licensed({ counted }), AT + MINUTE)).toEqual([{ day: today, hours: 2 ** 12 + 1 }]);
  expect(hoursToCount(licensed({ counted: { day: today, hours: 2 ** 12 } }), AT + MINUTE)).toEqual([]);
});

test('a licence counts to its end, whenever the next one comes', () => {
  const rows = hoursToCount(licensed(), AT + 30 * DAY);
  expect(rows.map(({ day, hours }) => [day - today, countHours(hours)])).toEqual([
    [0, 12],
    [1, 12],
  ]);
});

test('all days between are full', () => {
  const rows = hoursToCount(licensed({ expiresAt: AT + 90 * DAY }), AT + 40 * DAY);
  expect(rows.map(({ hours }) => countHours(hours))).toEqual([12, ...new Array<number>(39).fill(24), 12]);
});

test.each<{ name: string; changed: Partial<LicensedTime>; at: number }>([
  { name: 'a clock that went back', changed: {}, at: AT - 2 * MINUTE },
  { name: 'no licence', changed: { issuedAt: 0, expiresAt: 0 }, at: AT },
  { name: 'a VM that has gone on elsewhere', changed: { movedTo: 'licence:other' }, at: AT + HOUR },
])('$name adds nothing', ({ changed, at }) => {
  expect(hoursToCount(licensed(changed), at)).toEqual([]);
});

interface Issue {
  readonly wait: number;
  readonly lifetime: number;
  readonly skew: number;
}

const issues = fc.array(
  fc.record({
    wait: fc.oneof(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: 0, max: 3 * DAY })),
    lifetime: fc.oneof(fc.integer({ min: 5 * MINUTE, max: 2 * DAY }), fc.constant(40 * DAY)),
    skew: fc.integer({ min: 0, max: CLOCK_SKEW }),
  }),
  { maxLength: 12 },
);

/** Writes what each issue adds, as the service does, and the rest as a reader does. */
function keepLedger(history: readonly Issue[], isSkewed: boolean) {
  const ledger = new Map<number, number>();
  const write = (rows: readonly DayHours[]) => {
    for (const { day, hours } of rows) ledger.set(day, hours);
  };
  const spans: { from: number; until: number }[] = [];
  let known = licensed({ issuedAt: 0, expiresAt: 0 });
  let now = AT;
  for (const { wait, lifetime, skew } of history) {
    now += wait;
    const at = now + (isSkewed ? skew : 0);
    const rows = hoursToCount(known, at);
    write(rows);
    const last = spans.at(-1);
    if (last !== undefined) last.until = Math.min(last.until, at);
    spans.push({ from: at, until: at + lifetime });
    known = licensed({ issuedAt: at, expiresAt: at + lifetime, counted: rows.at(-1) ?? known.counted });
  }
  write(hoursToCount(known, Number.MAX_SAFE_INTEGER));
  return { ledger, spans };
}

/** One hour after another, each held against every licence. */
function countNaively(spans: readonly { from: number; until: number }[]): ReadonlyMap<number, number> {
  const days = new Map<number, number>();
  const end = Math.max(0, ...spans.map((span) => span.until));
  for (let hour = MIDNIGHT; hour < end; hour += HOUR) {
    if (!spans.some(({ from, until }) => Math.max(from, hour) < Math.min(until, hour + HOUR))) continue;
    const day = dayOf(hour);
    days.set(day, (days.get(day) ?? 0) + 2 ** ((hour - dayStart(day)) / HOUR));
  }
  return days;
}

test('the ledger is what a naive count of every hour says', () => {
  fc.assert(
    fc.property(issues, (history) => {
      const { ledger, spans } = keepLedger(history, false);
      expect(ledger).toEqual(countNaively(spans));
    }),
  );
});

test('with clocks two minutes apart, no day is wrong by more than one hour', () => {
  fc.assert(
    fc.property(issues, (history) => {
      const { ledger, spans } = keepLedger(history, true);
      const naive = countNaively(spans);
      for (const day of new Set([...ledger.keys(), ...naive.keys()])) {
        expect(countHours((ledger.get(day) ?? 0) ^ (naive.get(day) ?? 0))).toBeLessThanOrEqual(1);
      }
    }),
  );
});
