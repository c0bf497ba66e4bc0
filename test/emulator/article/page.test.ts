import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hasShared } from '../../support/shared.ts';
import { REQUESTS, tableOf } from './readArticle.ts';

/* docs/imds-article.md has everything that the article has. */

const PAGE = readFileSync(new URL('../../../docs/imds-article.md', import.meta.url), 'utf8');

function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim()),
  );
}

test.skipIf(!hasShared)('the page has every request, in its order', () => {
  expect(rowsUnder('Requests').map(([request]) => request)).toEqual(REQUESTS.map(({ path }) => `\`${path}\``));
});

test.skipIf(!hasShared)('the page has every table, with the number of its rows', () => {
  const counts = [
    tableOf('metadata-apis'),
    tableOf('data-output'),
    tableOf('instance-api'),
    tableOf('network-metadata'),
    ...[0, 1, 2].map((which) => tableOf('storage-metadata', which)),
    tableOf('sample-1-getting-attested-data'),
    tableOf('sample-4-getting-azure-environment-where-the-vm-is-running'),
    tableOf('sample-2-validating-that-the-vm-is-running-in-azure'),
  ].map((rows) => String(rows.length));
  expect(rowsUnder('Tables').map(([, count]) => count)).toEqual(counts);
});

test.skipIf(!hasShared)('the page has every status', () => {
  const statuses = tableOf('error-and-debugging').map(([cell = '']) => cell.slice(0, 3));
  expect(rowsUnder('Errors').map(([status]) => status)).toEqual(statuses);
});

test('every difference that the page refers to has its reason, and is referred to', () => {
  const [before = '', reasons = ''] = PAGE.split('\n## Deliberate differences\n');
  const referred = new Set(Array.from(before.matchAll(/\((\d+)\)/g), ([, number]) => number));
  const given = Array.from(reasons.matchAll(/^(\d+)\. /gm), ([, number]) => number);
  expect([...referred].sort()).toEqual(given);
});
