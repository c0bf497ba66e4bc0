import { expect, test } from 'vitest';

import { decisionIdTime } from '../../src/decisions/decisionRecord.ts';
import type { DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import type { AuthenticRequest } from '../../src/vm/authenticate.ts';
import { recordDecision } from '../../src/vm/recordDecision.ts';
import { AT, attestation, MINUTE } from '../support/licensing.ts';

function createRequest(): AuthenticRequest {
  const challenge = { ms: AT, jti: 'j' } as AuthenticRequest['challenge'];
  return { challenge, proof: null, byFile: null, vm: attestation(), checks: [], at: AT, log: () => undefined };
}

/** Records a decision at `now`, and says what was written. */
async function recordAt(now: number): Promise<DecisionRecord | undefined> {
  const written: DecisionRecord[] = [];
  const store = {
    insertDecision: (one: DecisionRecord) => {
      written.push(one);
      return Promise.resolve('written' as const);
    },
    claimHour: (_: unknown, id: string) => Promise.resolve(id),
    freeHour: () => Promise.resolve(),
  } as const;
  const decided = { code: 'seats_exhausted', offer: 'contoso/firewall/pro', licenceId: null } as const;
  const id = await recordDecision({ store, now: () => now }, createRequest(), decided);
  expect(written.map((one) => one.id)).toEqual([id]);
  return written[0];
}

test.each([
  ['at once', AT, AT],
  ['within half a minute', AT + MINUTE / 2, AT],
  ['after a standstill of the process', AT + 10 * MINUTE, AT + 9.5 * MINUTE],
])('a decision that is written %s has a time that the projector has not passed', async (_, now, expected) => {
  const written = await recordAt(now);
  expect(written?.at).toBe(expected);
  expect(decisionIdTime(written?.id ?? '')).toBe(expected);
});
