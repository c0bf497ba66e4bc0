import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { replaceUnprintable, writeJson } from '../../src/contract/plainText.ts';

const isShown = (character: string) => replaceUnprintable(character, () => '') === character;

test.each([
  ['C0', 0x00, 0x1f],
  ['DEL and C1', 0x7f, 0x9f],
  ['a soft hyphen', 0xad, 0xad],
  ['the Arabic letter mark', 0x61c, 0x61c],
  ['fillers of Hangul', 0x115f, 0x1160],
  ['zero widths and marks of direction', 0x200b, 0x200f],
  ['line separators, embeddings and overrides', 0x2028, 0x202e],
  ['joiners, isolates and invisible operators', 0x2060, 0x206f],
  ['a byte order mark', 0xfeff, 0xfeff],
  ['halves of pairs', 0xd800, 0xdfff],
  ['private use', 0xe000, 0xf8ff],
  ['notes', 0xfff9, 0xfffb],
  ['musical controls', 0x1d173, 0x1d17a],
  ['tags and variation selectors', 0xe0000, 0xe01ef],
  ['planes of private use', 0xf0000, 0x10ffff],
])('%s are not shown', (_, from, to) => {
  for (let point = from; point <= to; point += 1) expect(isShown(String.fromCodePoint(point)), `${point}`).toBe(false);
});

test.each(['az09 .,;|', 'é日本語עברית', 'e\u0301', '❤\ufe0f😀', '«€±→»'])('%s is shown', (text) => {
  expect(replaceUnprintable(text, () => '?')).toBe(text);
});

const text = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
    fc.constantFrom('\\', '"', '\n', '\r', '\u2028', '\u0085', '\ud800', '\udc00', '\u202e', 'x'),
  ),
});

test('JSON is the same value on one line, with nothing that is not shown', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.array(text)), (value) => {
      const written = writeJson(value);
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(isShown(written)).toBe(true);
      expect(written.split(/[\n\r\u000b\u000c\u0085\u2028\u2029]/u)).toHaveLength(1);
    }),
    { numRuns: 1_000 },
  );
});
