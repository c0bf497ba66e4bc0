import { spawnSync } from 'node:child_process';
import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { quoteForSh } from '../../src/contract/quoteForSh.ts';

/** What a real shell makes of each line; one shell for all of them. */
function readBySh(lines: readonly string[]): readonly string[] {
  const { stdout, stderr } = spawnSync('sh', { input: lines.join('\n') });
  expect(stderr.toString()).toBe('');
  return stdout.toString().split('\0').slice(0, -1);
}

const SPECIAL = [`'`, '"', '$', '`', '\\', ' ', '\n', '!', '*', '~', '#', ';', '&', '|', '<', '>', '(', ')', '-'];
const word = fc.string({ unit: fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ minLength: 1 })) });

test('a shell reads the words that were quoted', () => {
  const words = word.filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 200 }), (given) => {
      expect(readBySh(given.map((each) => quoteForSh('printf', '%s\\0', each)))).toEqual(given);
    }),
    { numRuns: 20 },
  );
});

test('plain words stay as they are', () => {
  expect(quoteForSh('ip', 'route', 'get', '169.254.169.254')).toBe('ip route get 169.254.169.254');
  expect(quoteForSh('rm', '', "it's")).toBe(`rm '' 'it'\\''s'`);
});
