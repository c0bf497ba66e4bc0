import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { MAX_KEPT_BODY } from '../../../src/http/operatorRequest.ts';
import { MAX_LONG_TEXT, joinText, splitText } from '../../../src/tables/kit/longText.ts';

const units = fc.constantFrom('a', '"', '\u{1f600}', 'é', '\u0000');

test('a text in several properties is the same text, and no property has more than 64 KiB or half a character', () => {
  fc.assert(
    fc.property(units, fc.array(units), fc.nat(200_000), (unit, before, count) => {
      const text = (before.join('') + unit.repeat(count)).slice(0, MAX_LONG_TEXT).toWellFormed();
      const pieces = splitText('content', text);
      expect(joinText('content', { ...pieces, other: 1 })).toMatchObject({ content: text, other: 1 });
      expect(Object.values(pieces).every((piece) => piece.length <= 32_768 && piece.isWellFormed())).toBe(true);
    }),
  );
});

test('what a row cannot hold is refused', () => {
  expect(() => splitText('content', 'a'.repeat(MAX_LONG_TEXT + 1))).toThrow(RangeError);
  expect(Object.keys(splitText('content', '\u{1f600}'.repeat(MAX_LONG_TEXT / 2))).at(-1)).toBe('content14');
  expect(MAX_KEPT_BODY).toBeLessThan(MAX_LONG_TEXT);
});

test('a row without the text is left as it is', () => {
  expect(joinText('body', { at: 1 })).toEqual({ at: 1 });
  expect(joinText('body', splitText('body', ''))).toEqual({ body: '' });
});
