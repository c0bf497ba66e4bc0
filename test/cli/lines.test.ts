import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { readLines } from '../../src/cli/lines.ts';

async function* streamOf(chunks: readonly Uint8Array[]) {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function collect(chunks: readonly string[], limit = 10): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  for await (const { number, octets } of readLines(streamOf(chunks.map((chunk) => Buffer.from(chunk))), limit)) {
    lines.push(octets === null ? null : Buffer.from(octets).toString());
    expect(number).toBe(lines.length);
  }
  return lines;
}

test.each<[string[], (string | null)[]]>([
  [[], []],
  [[''], []],
  [['a'], ['a']],
  [['a\n'], ['a']],
  [['\n\na'], ['', '', 'a']],
  [
    ['a', 'b\nc', '\n', 'd'],
    ['ab', 'c', 'd'],
  ],
  [
    ['1234567890\n', '12345678901\n', 'x'],
    ['1234567890', null, 'x'],
  ],
  [
    ['123456', '78901', '2345\nx\n'],
    [null, 'x'],
  ],
  [['12345678901'], [null]],
])('chunks %j are lines', async (chunks, lines) => {
  expect(await collect(chunks)).toEqual(lines);
});

test('how the stream is cut does not matter', async () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (chunks) => {
      const whole = chunks.join('');
      const expected = whole.split('\n').map((line) => (line.length > 10 ? null : line));
      if (whole === '' || whole.endsWith('\n')) expected.pop();
      expect(await collect(chunks)).toEqual(expected);
    }),
  );
});
