import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/contract/problems.ts';
import { OPERATOR_CODES } from '../../src/contract/codes.ts';
import { parseCatalogue } from '../../src/licensing/catalogue/parseCatalogue.ts';
import { listSettings } from '../../src/service/config.ts';
import { readSources } from '../support/sources.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const documents = readSources('*.md', 'docs/**/*.md', 'src/client/*.md');

function textOf(path: string): string {
  return documents.find((document) => document.path === path)?.text ?? '';
}

test('every relative link of every document leads to a file', () => {
  const links = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => ({ path, target })),
  );
  const broken = links.filter(({ path, target }) => !existsSync(join(ROOT, dirname(path), target)));
  expect(links.length).toBeGreaterThan(5);
  expect(broken).toEqual([]);
});

test('the example of docs/catalogue.md can be applied', () => {
  const example = /```json\n([^`]*)```/.exec(textOf('docs/catalogue.md'))?.[1] ?? '';
  const { offers, licences } = parseCatalogue(example);
  expect([offers.length, licences.length]).toEqual([2, 1]);
});

test('docs/protocol.md names every code that a client can meet', () => {
  const operators: readonly string[] = OPERATOR_CODES;
  const codes = Object.keys(PROBLEMS).filter((code) => !operators.includes(code));
  expect(codes.filter((code) => !textOf('docs/protocol.md').includes(`\`${code}\``))).toEqual([]);
});

test('docs/settings.md is what the schema says', async () => {
  const rows = listSettings().map(({ name, meaning, otherwise }) => {
    const shown = otherwise === null ? '' : `\`${otherwise}\``;
    return `| \`${name}\` | ${meaning} | ${shown} |`;
  });
  const page = `# Settings

Environment variables of the service (app settings in Azure). All problems are told at the start, in one message. This page is made from the schema in
\`src/service/config.ts\`.

| setting | meaning | default |
|---|---|---|
${rows.join('\n')}
`;
  await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/settings.md'));
});
