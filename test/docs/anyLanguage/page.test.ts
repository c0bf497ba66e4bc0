import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EXAMPLES, LANGUAGES } from './languages.ts';

/** What docs/any-language.md shows is what the tests of its programs have run. */

const PAGE = readFileSync(resolve(EXAMPLES, '../../any-language.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, fence = '', text = '']) => ({
  language: fence === 'sh' ? 'shell' : fence,
  text,
}));

/** A block stands on the page without the indentation that all of its lines have in the file. */
const INDENTATIONS = ['', '    '];

function isPartOf(source: string, block: string): boolean {
  const indented = INDENTATIONS.map((indentation) => block.replace(/^(?=.)/gm, indentation));
  return indented.some((text) => `\n${source}`.includes(`\n${text}`));
}

test.each(BLOCKS)('$language: $text', ({ language, text }) => {
  const folder = join(EXAMPLES, language);
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(sources.filter((source) => isPartOf(source, text))).toHaveLength(1);
});

test.each(LANGUAGES)('$name has its place on the page', ({ name }) => {
  expect(BLOCKS.filter(({ language }) => language === name).length).toBeGreaterThanOrEqual(4);
  expect(PAGE).toContain(`(examples/any-language/${name})`);
});

test('a block that differs from the file by a blank is found', () => {
  expect(isPartOf('a\n    b(c);\n    d\n', 'b(c);\nd\n')).toBe(true);
  expect(isPartOf('a\n    b(c);\n    d\n', 'b( c);\nd\n')).toBe(false);
  expect(isPartOf('a\n    b(c);\n', '(c);\n')).toBe(false);
});
