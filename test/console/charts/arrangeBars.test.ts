import { expect, test } from 'vitest';
import { arrangeBars } from '../../../src/console/charts/arrangeBars.ts';
import { chooseTicks } from '../../../src/console/charts/ticks.ts';

const at = (hour: number) => `2026-11-23T${String(hour).padStart(2, '0')}:00:00Z`;

test('decisions become a bar for each hour, with grants and refusals apart, and fills by rank', () => {
  const { bars, codes } = arrangeBars({
    ...{ period: '24h', by: 'hour', from: at(10), until: at(13) },
    items: [
      { at: at(10), code: 'licence_issued', count: 5 },
      { at: at(10), code: 'seats_exhausted', count: 2 },
      { at: at(12), code: 'seats_exhausted', count: 1 },
      { at: at(12), code: 'vm_blocked', count: 4 },
      { at: at(12), code: 'key_changed', count: 1 },
      { at: at(12), code: 'plan_unknown', count: 2 },
      { at: at(12), code: 'sku_not_allowed', count: 1 },
    ],
  });
  expect(bars.map(({ granted, refused }) => [granted, refused])).toEqual([
    [5, 2],
    [0, 0],
    [0, 9],
  ]);
  expect(bars[0]?.from).toBe(Date.parse(at(10)));
  expect(Object.fromEntries(bars[2]?.counts ?? [])).toMatchObject({ vm_blocked: 4, seats_exhausted: 1 });
  expect(codes.map(({ code, fill, total }) => [code, fill, total])).toEqual([
    ['licence_issued', 0, 5],
    ['vm_blocked', 0, 4],
    ['seats_exhausted', 1, 3],
    ['plan_unknown', 2, 2],
    ['key_changed', 3, 1],
    ['sku_not_allowed', 3, 1],
  ]);
});

test('a day is one bar, whatever the hour of what is in it', () => {
  const { bars } = arrangeBars({
    ...{ period: '7d', by: 'day', from: '2026-11-22T00:00:00Z', until: '2026-11-24T00:00:00Z' },
    items: [{ at: '2026-11-23T00:00:00Z', code: 'trial_started', count: 7 }],
  });
  expect(bars.map(({ granted }) => granted)).toEqual([0, 7]);
});

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [9, [0, 5, 10]],
  [40, [0, 10, 20, 30, 40]],
  [41, [0, 20, 40, 60]],
  [1_234, [0, 500, 1_000, 1_500]],
])('beside a chart up to %i stand round numbers', (highest, ticks) => {
  expect(chooseTicks(highest)).toEqual(ticks);
});
