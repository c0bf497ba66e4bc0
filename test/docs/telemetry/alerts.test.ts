import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAlertRules } from '../../infra/alerts/rules.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/telemetry.md'), 'utf8');
const ALERT = /^### ([a-z-]+)\n\n([\s\S]+?)\n\n```kusto\n([\s\S]*?)```$/gm;

test('the page has each alert that is deployed, with its query and what to do', () => {
  const section = PAGE.slice(PAGE.indexOf('\n## Alerts\n'), PAGE.indexOf('\n## Workbook'));
  const shown = [...section.matchAll(ALERT)].map(([, name, text, query]) => ({ name, text, query }));
  expect(shown.map(({ name, query }) => ({ name, query }))).toEqual(
    readAlertRules().map(({ name, query }) => ({ name, query })),
  );
  expect(shown.filter(({ text = '' }) => !text.includes('**What to do**:'))).toEqual([]);
});
