import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readParameterVariables } from './azd.ts';
import { ROOT } from './bicep.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/deployment.md');

test('the page names every parameter of the template, and its default', () => {
  const parameters = [...read('infra/main.bicep').matchAll(/^param (\w+) \S+(?: = (.+))?$/gm)];
  expect(parameters.length).toBeGreaterThan(15);
  expect(parameters.map(([, name = '']) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const numbers = parameters.filter(([, , given = '']) => /^[1-9]\d*$/.test(given));
  const rowOf = (name: string) => page.split('\n').find((row) => row.startsWith('|') && row.includes(`\`${name}\``));
  expect(numbers.filter(([, name = '', given = '']) => !(rowOf(name) ?? '').includes(given))).toEqual([]);
});

/** What the template says of a parameter, and in words what happens where it is empty. */
const DESCRIBED = /^@description\('(.+?)(?: Empty: (.+)\.)?'\)\n(?:@.+\n)*param (\w+) /gm;

test('the page says of every parameter what the template says', () => {
  const variables = readParameterVariables();
  const described = [...read('infra/main.bicep').matchAll(DESCRIBED)];
  const shown = described.filter(([, , , name = '']) => variables.has(name));
  expect(shown.length).toBe(variables.size);
  const cellsOf = (name: string) => {
    const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`| \`${name}\` `));
    return row?.split('|').map((cell) => cell.trim()) ?? [];
  };
  for (const [, meaning, whereEmpty, name = ''] of shown) {
    expect(cellsOf(name)[3], name).toBe(meaning);
    if (whereEmpty !== undefined) expect(cellsOf(name)[4], name).toBe(whereEmpty);
  }
});

test('the page names every variable that the parameters are read from, and every output it speaks of is one', () => {
  const variables = [...readParameterVariables().values()];
  expect(variables.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const outputs = [...read('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name]) => name);
  expect(outputs).toEqual(expect.arrayContaining(['SERVICE_API_HOST', 'DOMAIN_VERIFICATION_ID']));
});
