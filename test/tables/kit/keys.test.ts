import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import {
  blockIndex,
  blockRow,
  holderRow,
  planRow,
  SEAT_ROWS,
  subscriptionPartition,
  UNCOUNTED_ROW,
  VM_ROWS,
  vmRow,
} from '../../../src/tables/kit/keys.ts';
import { SUBSCRIPTION, VM_ID } from '../../support/licensing.ts';

/** "Understanding the Table service data model": characters that a key must not hold. */
const FORBIDDEN = /[/\\#?\u0000-\u001f\u007f-\u009f]/;

test('keys can be read', () => {
  expect(subscriptionPartition('AzurePublicCloud', SUBSCRIPTION)).toBe(`AzurePublicCloud:${SUBSCRIPTION}`);
  expect(holderRow({ publisher: 'Contoso', product: 'Firewall', name: '*' }, 'l')).toBe(
    'contoso~2f~firewall~2f~~2a~:l',
  );
  expect(planRow({ publisher: 'Contoso', product: 'Firewall', name: '*' })).toBe('contoso:firewall:~2a~');
  expect(vmRow(VM_ID.toUpperCase())).toBe(`vm:${VM_ID}`);
  expect(blockRow(2)).toBe('seats:00000128');
});

test('whatever the names are, keys hold no forbidden character, and other names have other keys', () => {
  const part = fc.string({ unit: 'binary', maxLength: 20 });
  const plans = fc.tuple(part, part, part).map(([publisher, product, name]) => ({ publisher, product, name }));
  const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  fc.assert(
    fc.property(plans, plans, (left, right) => {
      expect(planRow(left)).not.toMatch(FORBIDDEN);
      const isSame = lower(JSON.stringify(left)) === lower(JSON.stringify(right));
      expect(planRow(left) === planRow(right)).toBe(isSame);
    }),
    { numRuns: 200 },
  );
});

test('a part cannot pass for two, nor for an escaped one', () => {
  const rows = [
    { publisher: 'a:b', product: 'c', name: 'd' },
    { publisher: 'a', product: 'b:c', name: 'd' },
    { publisher: 'a~3a~b', product: 'c', name: 'd' },
  ].map(planRow);
  expect(new Set(rows).size).toBe(3);
});

test('a key that the store would not take is refused', () => {
  expect(() => planRow({ publisher: 'p'.repeat(600), product: 'q', name: 'r' })).toThrow('longer than 512');
});

test('the rows of one kind lie in their range, and those of the other do not', () => {
  const isIn = (key: string, range: { from: string; to: string }) => key >= range.from && key < range.to;
  for (const key of [blockRow(0), blockRow(1_562), UNCOUNTED_ROW]) {
    expect([isIn(key, SEAT_ROWS), isIn(key, VM_ROWS)]).toEqual([true, false]);
  }
  expect([isIn(vmRow(VM_ID), SEAT_ROWS), isIn(vmRow(VM_ID), VM_ROWS)]).toEqual([false, true]);
  expect([blockIndex(blockRow(1_562)), blockIndex(UNCOUNTED_ROW)]).toEqual([1_562, null]);
});
