import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSources } from '../../support/sources.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/telemetry.md'), 'utf8');
const SECTION = /### All lines\n([\s\S]*?)(?:\n## |$)/;

/** `event` as it is written: `log('info', 'store_cleaned', …)`, or where a helper writes one of several. */
const WRITTEN = /\b(?:log|tell)\([^(){}]*?, '([a-z]+(?:_[a-z]+)+)'/g;

test('the page lists every event that the service writes, and no other', () => {
  const sources = readSources('src/{app,http,vm,operators,trust,seats,decisions,tokens,tables,catalogue}/**/*.ts');
  const written = sources.flatMap(({ text }) => [...text.matchAll(WRITTEN)].map(([, event = '']) => event));
  expect(written.length).toBeGreaterThan(30);
  const rows = (SECTION.exec(PAGE)?.[1] ?? '').split('\n').filter((row) => row.startsWith('|'));
  const listed = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, event]) => event));
  expect(listed.toSorted()).toEqual([...new Set(written)].toSorted());
});
