import { expect, test } from 'vitest';

import { parseDuration } from '../../src/contract/durations.ts';
import { DAY, HOUR, MINUTE } from '../support/licensing.ts';

test.each([
  ['P7D', 7 * DAY],
  ['PT24H', DAY],
  ['PT90M', 90 * MINUTE],
  ['PT30S', 30_000],
  ['P1DT12H30M5S', DAY + 12 * HOUR + 30 * MINUTE + 5_000],
  ['PT0S', 0],
])('%s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', 'P', 'PT', 'P1DT', '24h', 'P1Y', 'P1M', 'P1W', 'PT1.5H', '-P1D', 'PT1M1H', 'pt1h', 'PT1H ', 'P123456D'])(
  'not a duration: %j',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);
