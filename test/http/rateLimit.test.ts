import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { RateLimit } from '../../src/http/rateLimit.ts';
import type { Rate } from '../../src/http/rateLimit.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const SECOND = 1000;

const shared = (perSecond: number): Rate => ({ perSecond, burst: perSecond * 2, longestQueue: 240 });
const alone = (perSecond: number): Rate => ({ ...shared(perSecond), longestQueue: 0 });

/** A limit of one rate for all callers. */
function limitOf(rate: Rate) {
  const limit = new RateLimit();
  return (name: string, at: number) => limit.take([{ kind: 'one', name, rate }], at);
}

type Take = ReturnType<typeof limitOf>;

/** What so many requests at once are told. */
function waits(take: Take, name: string, at: number, requests: number): readonly number[] {
  return Array.from({ length: requests }, () => take(name, at));
}

/** How many of so many requests at once go on. */
function granted(take: Take, name: string, at: number, requests: number): number {
  return waits(take, name, at, requests).filter((wait) => wait === 0).length;
}

test.each([
  ['with a queue', shared(20)],
  ['without one', alone(20)],
])('%s twice the rate may come at once, then it is the rate', (_, rate) => {
  const take = limitOf(rate);
  expect(granted(take, 'a', AT, 100)).toBe(40);
  expect(granted(take, 'a', AT + SECOND, 100)).toBe(20);
  expect(granted(take, 'a', AT + 1.5 * SECOND, 100)).toBe(10);
  expect(granted(take, 'a', AT + 60 * SECOND, 100)).toBe(40);
});

test('small steps of time add up', () => {
  const take = limitOf(shared(1));
  granted(take, 'a', AT, 2);
  const steps = Array.from({ length: 24 }, (_, step) => take('a', AT + (step + 1) * 125));
  expect(steps.filter((wait) => wait === 0)).toHaveLength(3);
});

test('one caller does not count for another', () => {
  const take = limitOf(shared(1));
  expect(granted(take, 'a', AT, 10)).toBe(2);
  expect(granted(take, 'b', AT, 10)).toBe(2);
});

test('the n-th refused at once is told n / rate seconds, in whole seconds', () => {
  const told = waits(limitOf(shared(20)), 'a', AT, 40 + 460).slice(40);
  expect(told).toEqual(Array.from({ length: 460 }, (_, index) => Math.ceil((index + 1) / 20)));
});

test('no wait is longer than the longest queue, however many come', () => {
  const told = waits(limitOf(shared(20)), 'a', AT, 10_000).slice(40);
  expect(told.slice(0, 4_800)).toEqual(Array.from({ length: 4_800 }, (_, index) => Math.ceil((index + 1) / 20)));
  expect(new Set(told.slice(4_800))).toEqual(new Set([240]));
});

test('who comes back when told goes on, though all of them were refused at once', () => {
  const take = limitOf(shared(20));
  const told = waits(take, 'a', AT, 500).slice(40);
  const back = told.toSorted((left, right) => left - right).map((wait) => take('a', AT + wait * SECOND));
  expect(new Set(back)).toEqual(new Set([0]));
});

test.each([3, 7, 0.1, 1 / 6, 100])(
  'whoever comes back to the second when told goes on, at %d a second',
  (perSecond) => {
    const burst = Math.max(1, perSecond);
    const take = limitOf({ ...shared(perSecond), burst });
    const told = waits(take, 'a', AT, burst + 24).slice(burst);
    const back = told.map((wait) => take('a', AT + wait * SECOND));
    expect(new Set(back)).toEqual(new Set([0]));
  },
);

test('a queue that nobody comes back for is gone when its time has passed', () => {
  const take = limitOf(shared(20));
  waits(take, 'a', AT, 240);
  expect(take('a', AT)).toBe(11);
  expect(waits(take, 'a', AT + 10.05 * SECOND, 41).slice(-1)).toEqual([1]);
});

test('a request that goes on while others wait moves the end of the queue by one', () => {
  const take = limitOf(shared(1));
  expect(waits(take, 'a', AT, 6)).toEqual([0, 0, 1, 2, 3, 4]);
  // One second later the queue is three seconds long, and one request takes the second that has passed.
  expect(waits(take, 'a', AT + SECOND, 2)).toEqual([0, 5]);
});

test('a refused request is told the rest of the time until the next may go on', () => {
  const take = limitOf({ perSecond: 0.1, burst: 1, longestQueue: 240 });
  expect(waits(take, 'at once', AT, 3)).toEqual([0, 10, 20]);
  expect([take('later', AT), ...waits(take, 'later', AT + 4 * SECOND, 2)]).toEqual([0, 6, 16]);
});

test('without a queue, who waits is not made to wait longer by asking again', () => {
  const take = limitOf({ perSecond: 0.1, burst: 1, longestQueue: 0 });
  const asked = [0, 0, 0, 1, 5, 9.9, 10].map((seconds) => take('a', AT + seconds * SECOND));
  expect(asked).toEqual([0, 10, 10, 9, 5, 1, 0]);
});

test('requests that overtake each other fill nothing twice', () => {
  const take = limitOf(shared(1));
  const times = Array.from({ length: 400 }, (_, index) => AT + (index % 2) * 5 * SECOND);
  expect(times.filter((at) => take('a', at) === 0).length).toBe(3);
});

test('a clock that is set back neither gives requests nor holds them for as long as it went', () => {
  const take = limitOf(shared(1));
  granted(take, 'a', AT, 2);
  const back = AT - 24 * 60 * 60 * SECOND;
  expect(take('a', back)).toBe(1);
  expect(take('a', back + SECOND)).toBe(0);
  expect(take('a', back + SECOND)).toBeLessThanOrEqual(3);
});

test('memory is bounded: of more than 10,000 callers those seen longest ago are forgotten', () => {
  const take = limitOf(shared(1));
  granted(take, 'first', AT, 2);
  granted(take, 'kept', AT, 2);
  for (let other = 0; other < 9_998; other++) take(`other ${other}`, AT);
  expect(take('kept', AT)).toBe(1);
  take('one more', AT);
  expect(take('kept', AT)).toBe(2);
  expect(take('first', AT)).toBe(0);
});

test('callers of one kind, however many, make none of another kind forgotten', () => {
  const limit = new RateLimit();
  const take = (kind: string, name: string) => limit.take([{ kind, name, rate: shared(1) }], AT);
  for (let times = 0; times < 2; times += 1) take('ipv4', 'a');
  for (let other = 0; other < 20_000; other += 1) take('ipv6', `other ${other}`);
  expect([take('ipv4', 'a'), take('ipv6', 'other 0')]).toEqual([1, 0]);
});

test('a request that counts for two goes on only if it may for both, and is told the longer wait', () => {
  const limit = new RateLimit();
  const own = { kind: 'own', name: 'a', rate: { perSecond: 1, burst: 3, longestQueue: 240 } };
  const site = { kind: 'site', name: 'a', rate: { perSecond: 0.1, burst: 2, longestQueue: 240 } };
  const both = () => limit.take([own, site], AT);
  expect([both(), both(), both(), both()]).toEqual([0, 0, 10, 20]);
  // The refused ones took nothing of what they might have: one is left.
  expect(limit.take([own], AT)).toBe(0);
  expect(limit.take([own], AT)).toBe(1);
  expect(both()).toBe(30);
});

test('over any time no caller gets more than the burst and the rate', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 50 }), (pauses, rate) => {
      const take = limitOf(shared(rate));
      let at = AT;
      let passed = 0;
      for (const pause of pauses) {
        at += pause;
        const wait = take('a', at);
        expect(wait === 0 || (Number.isInteger(wait) && wait <= 240)).toBe(true);
        if (wait === 0) passed++;
      }
      expect(passed).toBeLessThanOrEqual(2 * rate + ((at - AT) / SECOND) * rate + 1e-6);
    }),
  );
});
