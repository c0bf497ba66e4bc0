import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../bicep.ts';
import { checkQuery } from '../kusto/languageService.ts';
import { parseQuery } from '../kusto/parse.ts';
import { readAlertRules } from './rules.ts';
import { readWorkbookQueries } from './workbook.ts';

/** Queries are checked by Microsoft's own language service, against the columns of the tables. */

const RULES = readAlertRules();

test('each file of a query is that of one rule, and is deployed as it is', () => {
  const files = globSync('infra/alerts/*.kql', { cwd: ROOT }).toSorted();
  expect(files.length).toBe(10);
  expect(files.map((file) => readFileSync(join(ROOT, file), 'utf8'))).toEqual(
    RULES.toSorted((left, right) => (left.name < right.name ? -1 : 1)).map(({ query }) => query),
  );
});

test.each(RULES)('$name: the language service has nothing to say', ({ query }) => {
  expect(checkQuery(query)).toEqual([]);
});

test.each(RULES)('$name has no operator but where, extend and summarize count() by', ({ query }) => {
  expect(parseQuery(query).table).toBe('AppTraces');
});

const WORKBOOK = readWorkbookQueries();

test('the workbook has queries', () => {
  expect(WORKBOOK.length).toBeGreaterThan(10);
});

test.each(WORKBOOK)('workbook, $name: the language service has nothing to say', ({ query }) => {
  expect(checkQuery(query)).toEqual([]);
});

test('the language service finds what is wrong', () => {
  expect(checkQuery('AppTraces | where Mesage == "x"')).toEqual([expect.stringContaining('Mesage')]);
  expect(checkQuery('AppTrace | summarize count() by bin(TimeGenerated, 5m)')).toEqual([
    expect.stringContaining('AppTrace'),
  ]);
  expect(checkQuery('AppTraces | where SeverityLevel = 3')).not.toEqual([]);
  expect(checkQuery('AppTraces | where tostring(Message) < 60 | sumarize count()')).not.toEqual([]);
});
