import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAlertRules } from '../../infra/alerts/rules.ts';
import { readWorkbookQueries } from '../../infra/alerts/workbook.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/telemetry.md'), 'utf8');
const ALERT = /^### ([a-z-]+)\n\n([\s\S]+?)\n\n```kusto\n([\s\S]*?)```$/gm;

test('the page has the objectives, each with its query of the workbook', () => {
  const section = PAGE.slice(PAGE.indexOf('\n## Objectives\n'));
  const shown = [...section.matchAll(ALERT)].map(([, name, , query]) => ({ name, query: query?.trimEnd() }));
  const objectives = readWorkbookQueries().filter(({ title }) => title.startsWith('Objective: '));
  expect(shown).toEqual(objectives.map(({ name, query }) => ({ name, query })));
  expect(shown.map(({ name }) => name)).toEqual(['licences-answered', 'slow-licences', 'new-ca']);
});

test('the page has each alert that is deployed, with its query and what to do', () => {
  const section = PAGE.slice(PAGE.indexOf('\n## Alerts\n'), PAGE.indexOf('\n## Workbook'));
  const shown = [...section.matchAll(ALERT)].map(([, name, text, query]) => ({ name, text, query }));
  expect(shown.map(({ name, query }) => ({ name, query }))).toEqual(
    readAlertRules().map(({ name, query }) => ({ name, query })),
  );
  expect(shown.filter(({ text = '' }) => !text.includes('**What to do**:'))).toEqual([]);
});
