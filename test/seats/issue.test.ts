import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { isKeySettled, isNewer, judgeKey } from '../../src/seats/issue.ts';
import type { KeyHistory } from '../../src/seats/issue.ts';
import { AT, DAY, HOUR, MINUTE } from '../support/licensing.ts';

const HISTORY: KeyHistory = { jkt: 'a', keyUntil: AT + DAY, keyChanges: [] };

test('the same key again is no change, and counts to the latest expiry of its licences', () => {
  const longer = judgeKey(HISTORY, { jkt: 'a', at: AT, expiresAt: AT + 2 * DAY }, 0);
  expect(longer).toEqual({ accepted: true, changed: false, history: { ...HISTORY, keyUntil: AT + 2 * DAY } });
  // An offer whose lifetime was shortened: the longer licence is still out.
  const shorter = judgeKey(HISTORY, { jkt: 'a', at: AT, expiresAt: AT + HOUR }, 0);
  expect(shorter).toEqual({ accepted: true, changed: false, history: HISTORY });
});

test('another key while a licence under the last one lives is a change', () => {
  const verdict = judgeKey(HISTORY, { jkt: 'b', at: AT, expiresAt: AT + 2 * DAY }, 1);
  expect(verdict).toEqual({
    accepted: true,
    changed: true,
    history: { jkt: 'b', keyUntil: AT + 2 * DAY, keyChanges: [{ from: 'a', at: AT, until: AT + DAY }] },
  });
  expect(judgeKey(HISTORY, { jkt: 'b', at: AT, expiresAt: AT + 2 * DAY }, 0)).toEqual({ accepted: false });
});

const SKEW = 2 * MINUTE;

test('another key after the last licence under the earlier one is none, once it is over by every clock', () => {
  const use = { jkt: 'b', at: AT + DAY + SKEW, expiresAt: AT + 2 * DAY };
  expect(judgeKey(HISTORY, use, 0)).toMatchObject({ accepted: true, changed: false });
  expect(judgeKey(HISTORY, { ...use, at: use.at - 1 }, 0)).toEqual({ accepted: false });
});

test('a renewal does not clear a change; the expiry of the last licence under the earlier key does', () => {
  const changed = { jkt: 'b', keyUntil: AT + 2 * DAY, keyChanges: [{ from: 'a', at: AT, until: AT + DAY }] };
  const renewed = judgeKey(changed, { jkt: 'b', at: AT + HOUR, expiresAt: AT + 3 * DAY }, 1);
  expect(renewed).toMatchObject({ history: { keyChanges: changed.keyChanges } });
  expect(judgeKey(changed, { jkt: 'c', at: AT + DAY + SKEW - 1, expiresAt: AT + 3 * DAY }, 1)).toEqual({
    accepted: false,
  });
  expect(judgeKey(changed, { jkt: 'c', at: AT + DAY + SKEW, expiresAt: AT + 3 * DAY }, 1)).toMatchObject({
    accepted: true,
    history: { keyChanges: [{ from: 'b' }] },
  });
});

test('going back to an earlier key is a change too, and so is coming without a key', () => {
  const changed = { jkt: 'b', keyUntil: AT + DAY, keyChanges: [{ from: 'a', at: AT, until: AT + DAY }] };
  const use = { at: AT + HOUR, expiresAt: AT + DAY };
  expect(judgeKey(changed, { ...use, jkt: 'a' }, 1)).toEqual({ accepted: false });
  expect(judgeKey(changed, { ...use, jkt: 'a' }, 2)).toMatchObject({ accepted: true, changed: true });
  expect(judgeKey(HISTORY, { ...use, jkt: null }, 0)).toEqual({ accepted: false });
});

test('at no time do more keys have live licences than changes are allowed, and one', () => {
  const uses = fc.array(
    fc.record({
      jkt: fc.constantFrom('a', 'b', 'c', 'd', null),
      wait: fc.integer({ min: 0, max: 10 * MINUTE }),
      lifetime: fc.integer({ min: 1, max: 20 * MINUTE }),
      // Of the instance that is asked.
      skew: fc.constantFrom(-MINUTE, 0, MINUTE),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(uses, fc.integer({ min: 0, max: 3 }), (all, allowed) => {
      let history: KeyHistory = { jkt: null, keyUntil: 0, keyChanges: [] };
      const issued: { jkt: string | null; expiresAt: number }[] = [];
      let now = AT;
      for (const { jkt, wait, lifetime, skew } of all) {
        now += wait;
        const at = now + skew;
        const verdict = judgeKey(history, { jkt, at, expiresAt: at + lifetime }, allowed);
        if (!verdict.accepted) continue;
        history = verdict.history;
        issued.push({ jkt, expiresAt: at + lifetime });
        const live = new Set(issued.filter((one) => one.expiresAt > now).map((one) => one.jkt));
        expect(live.size).toBeLessThanOrEqual(allowed + 1);
      }
    }),
  );
});

test('any other key would be refused for as long as the changes count', () => {
  const changed = { jkt: 'b', keyUntil: AT + 2 * DAY, keyChanges: [{ from: 'a', at: AT, until: AT + DAY }] };
  expect([isKeySettled(HISTORY, AT, 1), isKeySettled(HISTORY, AT, 0)]).toEqual([false, true]);
  expect([isKeySettled(changed, AT, 1), isKeySettled(changed, AT, 2)]).toEqual([true, false]);
  expect(isKeySettled(changed, AT + DAY + SKEW - 1, 1)).toBe(true);
  expect(isKeySettled(changed, AT + DAY + SKEW, 1)).toBe(false);
});

test('challenges are ordered by time, then by jti; the same one is not newer', () => {
  const newest = { ms: 1_000, jti: 'm' };
  expect(isNewer({ ms: 1_000, jti: 'm' }, null)).toBe(true);
  expect(isNewer({ ms: 1_001, jti: 'a' }, newest)).toBe(true);
  expect(isNewer({ ms: 999, jti: 'z' }, newest)).toBe(false);
  expect(isNewer({ ms: 1_000, jti: 'n' }, newest)).toBe(true);
  expect(isNewer({ ms: 1_000, jti: 'a' }, newest)).toBe(false);
  expect(isNewer({ ms: 1_000, jti: 'm' }, newest)).toBe(false);
});
