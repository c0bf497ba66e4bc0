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

test('the page names every variable that the parameters are read from, and every output it speaks of is one', () => {
  const variables = [...readParameterVariables().values()];
  expect(variables.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const outputs = [...read('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name]) => name);
  expect(outputs).toEqual(expect.arrayContaining(['SERVICE_API_HOST', 'DOMAIN_VERIFICATION_ID']));
});
