import { expect, test } from 'vitest';
import { describeAgo, describeDay, describeDuration, describeUtc } from '../../../src/console/text/time.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;

test.each([
  [0, 'now'],
  [30_000, '30 s ago'],
  [12 * MINUTE, '12 min ago'],
  [119 * MINUTE, '119 min ago'],
  [120 * MINUTE, '2 h ago'],
  [47 * 60 * MINUTE, '47 h ago'],
  [48 * 60 * MINUTE, '2 d ago'],
  [-90 * MINUTE, 'in 90 min'],
])('%i ms before now is %s', (before, said) => {
  expect(describeAgo(NOW - before, NOW)).toBe(said);
});

test('the time itself is in UTC', () => {
  expect(describeUtc(NOW + 5_000)).toBe('2026-11-23 12:00:05 UTC');
  expect(describeDay(NOW)).toBe('2026-11-23');
});

test.each([
  ['P7D', '7 d'],
  ['PT6H', '6 h'],
  ['P1DT2H3M4S', '1 d 2 h 3 min 4 s'],
  ['P', 'P'],
  ['soon', 'soon'],
])('%s is %s', (text, said) => {
  expect(describeDuration(text)).toBe(said);
});
