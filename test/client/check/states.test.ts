import { expect, test } from 'vitest';
import { resultOf } from '../../../src/client/answer.ts';
import type { Failure, HandOf } from '../../../src/client/answer.ts';
import { reasonOf } from '../../../src/client/service/problem.ts';
import { CLIENT_CODES, ClientError, MEANINGS } from '../../../src/client/clientError.ts';
import { failureOf } from '../../../src/client/service/persist.ts';
import { LICENCE_STATES, STATES } from '../../../src/client/states.ts';
import { licenceClaims, NOW } from '../support/vectors.ts';

const CLAIMS = licenceClaims('https://licences.example.test', 'x', NOW);
const FAILURE: Failure = { state: 'unreachable', code: 'service_unreachable', reason: 'It is away.', retryAfter: 7 };

const hand = (standing: HandOf['standing']): HandOf => ({ token: 'token', claims: CLAIMS, standing, at: NOW });

test('the table of states', () => {
  expect(STATES).toEqual({
    confirmed: { current: 'licensed', due: 'licensed', expired: 'licensed', ended: 'licensed', nothing: 'licensed' },
    issued: { current: 'licensed', due: 'licensed', expired: 'licensed', ended: 'licensed', nothing: 'licensed' },
    denied: { current: 'denied', due: 'denied', expired: 'denied', ended: 'denied', nothing: 'denied' },
    failed: { current: 'licensed', due: 'licensed', expired: 'grace', ended: 'own', nothing: 'own' },
  });
});

test.each([
  ['current', 'licensed'],
  ['due', 'licensed'],
  ['expired', 'grace'],
  ['ended', 'unreachable'],
] as const)('a failure with a licence that is %s is %s, with the code and what stands where', (standing, state) => {
  const result = resultOf({ kind: 'failed', hand: hand(standing), failure: FAILURE });
  expect(result).toMatchObject({ state, code: 'service_unreachable' });
  expect(result.reason).toMatch(/^The licence .*2026-09-\d\d.* It is away\.$/);
  expect('licence' in result).toBe(state === 'licensed' || state === 'grace');
  expect(result).not.toHaveProperty('retryAfter');
});

test('a failure without a licence is what its code says', () => {
  for (const code of CLIENT_CODES) {
    const failure = failureOf(new ClientError(code));
    expect(resultOf({ kind: 'failed', hand: undefined, failure })).toEqual({
      state: MEANINGS[code].state,
      code,
      reason: MEANINGS[code].reason,
    });
  }
});

test.each(CLIENT_CODES)('%s says what happened, then what to do', (code) => {
  const { reason, state } = MEANINGS[code];
  expect(LICENCE_STATES).toContain(state);
  expect(reason.split(/(?<=\.) /).length).toBeGreaterThanOrEqual(2);
  expect(reason).toMatch(/^[A-Z].*\.$/);
});

test('a confirmed or new licence needs no words; what could not be kept does', () => {
  expect(Object.keys(resultOf({ kind: 'confirmed', hand: hand('current') }))).toEqual(['state', 'licence']);
  const trouble = { code: 'cache_not_written', reason: 'The disk is full.' };
  expect(resultOf({ kind: 'issued', hand: hand('current'), trouble })).toMatchObject({ state: 'licensed', ...trouble });
});

test.each(['trial_ended', 'claim_invalid'])('%s of the service says what happened, then what to do', (code) => {
  const reason = reasonOf(code, '');
  expect(reason.split(/(?<=\.) /)).toHaveLength(2);
  expect(reason).toMatch(/^The .*\. [A-Z].*\.$/);
});

test('what only some licences have is passed on', () => {
  const licence = { ...CLAIMS.licence, over: true, trialEndsAt: NOW / 1000, class: 'gold' };
  const result = resultOf({ kind: 'confirmed', hand: { ...hand('current'), claims: { ...CLAIMS, licence } } });
  expect(result.licence).toMatchObject({ over: true, trialEndsAt: '2026-09-01T12:00:00Z', class: 'gold' });
});
