import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAULT_NAMES, FAULTS } from '../../src/emulator/faults/faults.ts';
import { parseScenario } from '../../src/emulator/scenario/scenario.ts';
import { parseVmFile } from '../../src/emulator/vms/vmFile.ts';
import { runIn } from '../cli/documentFiles.ts';

const PAGE = readFileSync(new URL('../../docs/imds-emulator.md', import.meta.url), 'utf8');

test('the documentation has every fault as it is declared', () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\| (?:`([a-z_]+)`|[a-z ]*) *\|$/gm)];
  const documented = rows.map(([, name, does, code]) => [name, does, code ?? null]);
  for (const name of FAULT_NAMES) expect(documented).toContainEqual([name, FAULTS[name].does, FAULTS[name].leadsTo]);
});

test('the VM file and the scenario of the documentation are good ones', () => {
  const [vms = '', scenario = ''] = [...PAGE.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text);
  expect(parseVmFile(vms, 'the page')[0].compute).toMatchObject({ publisher: 'contoso', sku: 'enterprise' });
  expect(parseScenario(scenario, 'the page').steps).toHaveLength(3);
});

test('every outage of the documentation is a scenario', () => {
  const steps = [...PAGE.matchAll(/`(\{ "(?:for|requests)": .*?\})`/g)].map(([, step]) => step);
  expect(steps.length).toBeGreaterThan(7);
  expect(parseScenario(`{"steps":[${steps.join()}]}`, 'the page').steps).toHaveLength(steps.length);
});

test('every option is documented, and no other', async () => {
  const { out } = await runIn(import.meta.dirname, ['imds', '--help']);
  const known = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);
  const documented = [...PAGE.matchAll(/^\| (`--.*?) +\|/gm)].flatMap(
    ([, cell = '']) => cell.match(/--[a-z-]+/g) ?? [],
  );
  expect(documented.sort()).toEqual(known.sort());
});
