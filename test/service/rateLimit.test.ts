import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimit } from '../../src/service/rateLimit.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const SECOND = 1000;

/** How many of so many requests at once go on. */
function granted(limit: RateLimit, address: string, at: number, requests: number): number {
  return Array.from({ length: requests }, () => limit.take(address, at)).filter((wait) => wait === 0).length;
}

test('twice the rate may come at once, then it is the rate', () => {
  const limit = new RateLimit(20);
  expect(granted(limit, 'a', AT, 100)).toBe(40);
  expect(granted(limit, 'a', AT + SECOND, 100)).toBe(20);
  expect(granted(limit, 'a', AT + 1.5 * SECOND, 100)).toBe(10);
  expect(granted(limit, 'a', AT + 60 * SECOND, 100)).toBe(40);
});

test('small steps of time add up', () => {
  const limit = new RateLimit(1);
  granted(limit, 'a', AT, 2);
  const steps = Array.from({ length: 24 }, (_, step) => limit.take('a', AT + (step + 1) * 125));
  expect(steps.filter((wait) => wait === 0)).toHaveLength(3);
});

test('one address does not count for another', () => {
  const limit = new RateLimit(1);
  expect(granted(limit, 'a', AT, 10)).toBe(2);
  expect(granted(limit, 'b', AT, 10)).toBe(2);
});

test('the wait is whole seconds, at least one, and after it the request goes on', () => {
  const limit = new RateLimit(20);
  granted(limit, 'a', AT, 40);
  const wait = limit.take('a', AT);
  expect(wait).toBe(1);
  expect(limit.take('a', AT + wait * SECOND)).toBe(0);
});

test('who waits is not made to wait longer by asking again', () => {
  const limit = new RateLimit(1);
  granted(limit, 'a', AT, 2);
  for (let ms = 0; ms < SECOND; ms += 10) expect(limit.take('a', AT + ms)).toBe(1);
  expect(limit.take('a', AT + SECOND)).toBe(0);
});

test('requests that overtake each other fill nothing twice', () => {
  const limit = new RateLimit(1);
  const times = Array.from({ length: 400 }, (_, index) => AT + (index % 2) * 5 * SECOND);
  expect(times.filter((at) => limit.take('a', at) === 0).length).toBe(3);
});

test('a clock that is set back neither gives requests nor holds them for as long as it went', () => {
  const limit = new RateLimit(1);
  granted(limit, 'a', AT, 2);
  const back = AT - 24 * 60 * 60 * SECOND;
  expect(limit.take('a', back)).toBe(1);
  expect(limit.take('a', back + SECOND)).toBe(0);
  expect(limit.take('a', back + SECOND)).toBe(1);
});

test('memory is bounded: of more than 10,000 addresses those seen longest ago are forgotten', () => {
  const limit = new RateLimit(1);
  granted(limit, 'first', AT, 2);
  granted(limit, 'kept', AT, 2);
  for (let other = 0; other < 9_998; other++) limit.take(`other ${other}`, AT);
  expect(limit.take('kept', AT)).toBe(1);
  limit.take('one more', AT);
  expect(limit.take('kept', AT)).toBe(1);
  expect(limit.take('first', AT)).toBe(0);
});

test('over any time no address gets more than the burst and the rate', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 50 }), (waits, rate) => {
      const limit = new RateLimit(rate);
      let at = AT;
      let passed = 0;
      for (const wait of waits) {
        at += wait;
        if (limit.take('a', at) === 0) passed++;
      }
      expect(passed).toBeLessThanOrEqual(2 * rate + ((at - AT) / SECOND) * rate + 1e-6);
    }),
  );
});
