import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import type { Failure, Finding, HandOf } from '../../../src/client/answer.ts';
import { Rhythm } from '../../../src/client/watch/rhythm.ts';
import { DAY, HOUR, licenceClaims, NOW } from '../support/vectors.ts';

const MINUTE = 60_000;
const CLAIMS = licenceClaims('https://licences.example.test', 'x', NOW);
const FAILURE: Failure = { state: 'unreachable', code: 'service_unreachable', reason: 'It is away.' };

const handAt = (at: number, standing: HandOf['standing'] = 'current'): HandOf => ({
  ...{ token: 'token', claims: CLAIMS, standing, at },
});
const calm = (at = NOW): Finding => ({ kind: 'confirmed', hand: handAt(at) });
const failing = (at = NOW, standing: HandOf['standing'] = 'due'): Finding => ({
  ...{ kind: 'failed', hand: handAt(at, standing), failure: FAILURE },
});
const without: Finding = { kind: 'failed', hand: undefined, failure: FAILURE };
const denied: Finding = { kind: 'denied', denial: { code: 'licence_revoked', reason: 'So it is.' } };

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('calm: an hour, ten percent more or less', () => {
  expect(new Rhythm(() => 0).next(calm())).toBe(54 * MINUTE);
  expect(new Rhythm(() => 0.5).next(calm())).toBe(HOUR);
  expect(new Rhythm(() => 0.999_999).next(calm())).toBeCloseTo(66 * MINUTE, -2);
});

test('a renewal comes after renewAfter, within three hours or a quarter of what is left then', () => {
  const from = NOW + 12 * HOUR;
  expect(new Rhythm(() => 0).dueAt(CLAIMS)).toBe(from);
  expect(new Rhythm(() => 0.5).dueAt(CLAIMS)).toBe(from + 1.5 * HOUR);
  const short = { ...CLAIMS, exp: CLAIMS.licence.renewAfter + 400 };
  expect(new Rhythm(() => 0.5).dueAt(short)).toBe(from + 50_000);
  const long = { ...CLAIMS, exp: CLAIMS.licence.renewAfter + 30 * 86_400 };
  expect(new Rhythm(() => 0.5).dueAt(long)).toBe(from + 1.5 * HOUR);
});

test('one random part is drawn for each licence', () => {
  let drawn = 0;
  const rhythm = new Rhythm(() => (drawn += 0.1));
  const first = rhythm.dueAt(CLAIMS);
  expect(rhythm.dueAt(CLAIMS)).toBe(first);
  expect(rhythm.dueAt({ ...CLAIMS, jti: 'another' })).not.toBe(first);
});

test('where the renewal is due within the hour that is the next check', () => {
  const rhythm = new Rhythm(() => 0.5);
  const due = rhythm.dueAt(CLAIMS);
  expect(rhythm.next(calm(due - 20 * MINUTE))).toBe(20 * MINUTE);
  expect(rhythm.next(calm(due - 2 * HOUR))).toBe(HOUR);
});

test('a new licence that is due already, by a clock that is ahead, is not renewed again and again', () => {
  const rhythm = new Rhythm(() => 0.5);
  expect(rhythm.next({ kind: 'issued', hand: handAt(NOW + 20 * HOUR) })).toBeGreaterThanOrEqual(MINUTE);
});

test('failing with a licence: 1 to 15 minutes, and most of them long in a long outage', () => {
  fc.assert(
    fc.property(fc.array(random, { minLength: 1, maxLength: 50 }), (numbers) => {
      const left = [...numbers];
      const rhythm = new Rhythm(() => left.shift() ?? 0);
      while (left.length > 0) {
        const pause = rhythm.next(failing());
        expect(pause).toBeGreaterThanOrEqual(MINUTE);
        expect(pause).toBeLessThanOrEqual(15 * MINUTE);
        expect(rhythm.isFailing).toBe(true);
      }
    }),
  );
  const rhythm = new Rhythm(Math.random);
  const pauses = Array.from({ length: 20_000 }, () => rhythm.next(failing()));
  // 10,000 VMs without their service: what keeps them below 15 requests a second.
  expect(pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length).toBeGreaterThan(12 * MINUTE);
});

test('without a licence: 1 to 60 seconds, for ever', () => {
  const least = new Rhythm(() => 0);
  const most = new Rhythm(() => 1);
  for (const finding of [without, failing(NOW + 9 * DAY, 'ended')]) {
    expect(least.next(finding)).toBe(1000);
    expect(most.next(finding)).toBeGreaterThan(1000);
  }
  for (let times = 0; times < 10; times++) most.next(without);
  expect(most.next(without)).toBe(60_000);
  expect(most.isFailing).toBe(false);
});

test('after a denial: 1, 2, 4 and 8 minutes, then 15, fifty percent more or less', () => {
  const rhythm = new Rhythm(() => 0);
  const pauses = Array.from({ length: 6 }, () => rhythm.next(denied) / MINUTE);
  expect(pauses).toEqual([1, 2, 4, 8, 7.5, 7.5]);
  const later = new Rhythm(() => 1);
  for (let times = 0; times < 4; times++) later.next(denied);
  expect(later.next(denied)).toBe(22.5 * MINUTE);
  later.next(calm());
  expect(later.next(denied)).toBe(MINUTE);
});

test('the end of a licence, and that of its grace, is a time to check', () => {
  const rhythm = new Rhythm(() => 0.999);
  expect(rhythm.next(failing(NOW + DAY - 30_000))).toBe(30_000);
  expect(rhythm.next(failing(NOW + 8 * DAY - 20_000, 'expired'))).toBe(20_000);
});

test('what the service asks for is kept to, times a number between 1 and 2', () => {
  const asked: Finding = { kind: 'failed', hand: undefined, failure: { ...FAILURE, retryAfter: 100_000 } };
  expect(new Rhythm(() => 0).next(asked)).toBe(100_000);
  expect(new Rhythm(() => 0.5).next(asked)).toBe(150_000);
});
