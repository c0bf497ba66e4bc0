import { expect, test } from 'vitest';

import { mayBeSigned } from '../../src/catalogue/restoreMark.ts';
import type { RestoreMark } from '../../src/catalogue/restoreMark.ts';

const EXACT = 5_000;

function mark(changed: Partial<RestoreMark> = {}): RestoreMark {
  return {
    ...{ name: 'run', backup: 'id', asOf: 500, restoredAt: 1_000, appliesFrom: 1_000, seatsExactFrom: EXACT },
    ...{ finishedAt: 1_500, confirmedAt: null, ...changed },
  };
}

test('a store into which nothing was restored: every refusal may be signed', () => {
  for (const code of ['licence_suspended', 'seats_exhausted']) expect(mayBeSigned(null, code, 0)).toBe(true);
});

test('until an operator confirms a restore, no refusal may be signed, however long it takes', () => {
  for (const restored of [mark(), mark({ finishedAt: null })]) {
    for (const code of ['licence_suspended', 'seats_exhausted', 'vm_blocked']) {
      for (const at of [0, 1_500, EXACT, 1e15]) expect(mayBeSigned(restored, code, at), `${code} ${at}`).toBe(false);
    }
  }
});

test('once it is confirmed every refusal may be signed, but for full seats only when seats are exact', () => {
  const restored = mark({ confirmedAt: 2_000 });
  expect(mayBeSigned(restored, 'licence_suspended', 2_000)).toBe(true);
  expect(mayBeSigned(restored, 'seats_exhausted', EXACT - 1)).toBe(false);
  expect(mayBeSigned(restored, 'seats_exhausted', EXACT)).toBe(true);
  // A confirmation that comes late makes nobody wait longer.
  expect(mayBeSigned(mark({ confirmedAt: 9_000 }), 'seats_exhausted', 9_000)).toBe(true);
});
