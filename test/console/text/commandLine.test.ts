import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { writeCommand } from '../../../src/console/text/commandLine.ts';
import { isPlain } from '../../../src/console/text/plain.ts';
import { readBySh } from '../support/readBySh.ts';

const reason = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from(`'"$\`\\ !*~#;&|<>()-=\n\u202e\u200b\u0007`)),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
});

test('a shell reads the reason as it was written, or it is not in the command at all', () => {
  fc.assert(
    fc.property(fc.array(reason, { minLength: 1, maxLength: 100 }), (reasons) => {
      const lines = reasons.map((value) => writeCommand(['activations', 'block', 'x'], [{ name: 'reason', value }]));
      expect(readBySh(lines).map(({ words }) => words)).toEqual(
        reasons.map((value) => [
          ...['activations', 'block', 'x'],
          ...(value !== '' && isPlain(value) ? [`--reason=${value}`] : []),
        ]),
      );
    }),
    { numRuns: 20 },
  );
});

test('what changes the direction of text, or is not seen, is not plain', () => {
  for (const text of ['\u202eabc', 'a\u2066b', 'a\u200bb', 'a\nb', 'a\u0000', '\u001b[31m'])
    expect(isPlain(text)).toBe(false);
  for (const text of ['', 'Fabrikam', 'שלום', 'Müller & Söhne', '🙂']) expect(isPlain(text)).toBe(true);
});
