import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/contract/problems.ts';
import {
  CHALLENGE_CODES,
  EVIDENCE_CODES,
  LICENCE_CODES,
  OPERATOR_CODES,
  REQUEST_CODES,
  SERVICE_CODES,
} from '../../src/contract/codes.ts';
import type { ProblemCode } from '../../src/contract/codes.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { CODE_REFERENCE } from '../../src/contract/codeReference.ts';
import { listSettings } from '../../src/app/config.ts';
import { describeProblem } from '../../src/vm/problemPage.ts';
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
  const { offers, licences } = parseCatalogue(JSON.parse(example));
  expect([offers.length, licences.length]).toEqual([2, 1]);
});

test('docs/protocol.md names every code that a client can meet', () => {
  const operators: readonly string[] = OPERATOR_CODES;
  const codes = Object.keys(PROBLEMS).filter((code) => !operators.includes(code));
  expect(codes.filter((code) => !textOf('docs/protocol.md').includes(`\`${code}\``))).toEqual([]);
});

const KINDS = [
  ['The request', REQUEST_CODES],
  ['Challenge and proof', CHALLENGE_CODES],
  ['The evidence', EVIDENCE_CODES],
  ['The licence', LICENCE_CODES],
  ['The service', SERVICE_CODES],
  ['Operators', OPERATOR_CODES],
] as const;

test('docs/problems.md has every code, as the service’s own pages have it', async () => {
  const describe = (code: ProblemCode) => {
    const { title, status } = PROBLEMS[code];
    const sections = describeProblem(code).map(({ heading, text }) => `- **${heading}** ${text}`);
    return `### \`${code}\`\n\n${title} (HTTP ${status}).\n\n${sections.join('\n')}\n`;
  };
  const kinds = KINDS.map(([kind, codes]) => `## ${kind}\n\n${codes.map(describe).join('\n')}`);
  const page = `# Problems

Every code that a problem document can have. Its \`type\` is the address of its page on the service itself, \`ISSUER/problems/CODE\`; this page is made from the same
text, in \`src/contract/codeReference.ts\`.

${kinds.join('\n')}`;
  await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/problems.md'));
});

test('what is said of a code is said in whole sentences', () => {
  for (const [code, { cause, caller, vendor }] of Object.entries(CODE_REFERENCE)) {
    expect(caller ?? vendor, code).not.toBeNull();
    for (const text of [cause, caller, vendor]) if (text !== null) expect(text, code).toMatch(/^[A-Z].{10,}[.!]$/);
  }
});

test('docs/settings.md is what the schema says', async () => {
  const rows = listSettings().map(({ name, meaning, otherwise }) => {
    const shown = otherwise === null ? '' : `\`${otherwise}\``;
    return `| \`${name}\` | ${meaning} | ${shown} |`;
  });
  const page = `# Settings

Environment variables of the service (app settings in Azure). All problems are told at the start, in one message. This page is made from the schema in
\`src/app/config.ts\`.

| setting | meaning | default |
|---|---|---|
${rows.join('\n')}
`;
  await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/settings.md'));
});
