import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STRANGER_ROWS } from '../support/strangerRequests.ts';

/** Each of these starts a service; `npm run full` runs them. */
const startsServices = test.skipIf(process.env['SERVICE_BENCHES'] === undefined);

const MAIN = join(import.meta.dirname, 'main.ts');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

function runBench(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], (_, out, complaints) => {
      resolve({ code: child.exitCode ?? -1, out, complaints });
    });
  });
}

test('the bench runs, and --json prints one value with every figure', async () => {
  const { code, out, complaints } = await runBench('--json', '--rounds', '1', '--slice', '20', '--ca-bits', '2048');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const { micros, ...others } = JSON.parse(out) as { micros: Record<string, unknown> };
  const names = ['rsaVerify', 'limit', 'verify', 'warm', 'cold', 'secondReading', 'pkijs', 'hostileMax'];
  expect(others).toEqual({});
  expect(Object.keys(micros)).toEqual(names);
  expect(Object.values(micros).filter((figure) => typeof figure !== 'number' || !(figure > 0))).toEqual([]);
});

startsServices('--stranger measures every request of a stranger against a service of its own', async () => {
  const { code, out, complaints } = await runBench('--stranger', '--rounds', '1', '--flood', '60');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  for (const { what } of STRANGER_ROWS) expect(out).toContain(what);
  expect(out).toContain('60 requests of all kinds from one address');
});

test('--client measures the client and the agent, each with its target and a ratio', async () => {
  const { code, out, complaints } = await runBench('--client', '--rounds', '1');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const rows = out.split('\n').filter((line) => line.includes(' | ≤ '));
  expect(rows).toHaveLength(9);
  for (const row of rows) expect(row).toMatch(/\| \d[\d.]*(?: KB| ms| MB| s)? +\| \d+\.\d\d × .* \| (?:yes|NO) +\|$/);
  // What no busy machine changes.
  expect(out).toMatch(/\| requests of a check with a licence[^|]* \| 1 +\|/);
  expect(out).toMatch(/\| requests of a check without one[^|]* \| 5 +\|/);
  expect(rows.filter((row) => /KB|virtual time|requests/.test(row) && !/ yes +\|$/.test(row))).toEqual([]);
});

startsServices('--requests measures what requests cost the process of the service, each with its target', async () => {
  const { code, out, complaints } = await runBench('--requests', '--rounds', '1', '--renewals', '50');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const rows = out.split('\n').filter((line) => line.includes(' | ≤ '));
  expect(rows).toHaveLength(6);
  const judged = /\| (?:\d+\.\d\d ms)? +\| [\d.]+ (?:×|MiB) +\| ≤ [\d.]+ (?:×|MiB) +\| (?:yes|NO) +\|$/;
  for (const row of rows) expect(row).toMatch(judged);
});

test('--start measures what a start loads, and no start loads more than its target', async () => {
  const { code, out, complaints } = await runBench('--start', '--rounds', '1');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const rows = out.split('\n').filter((line) => line.includes(' | ≤ '));
  expect(rows).toHaveLength(4);
  // What no busy machine changes.
  expect(rows.filter((row) => row.includes('KB') && !/ yes +\|$/.test(row))).toEqual([]);
});

startsServices('--operators-cost measures the largest requests of operators', async () => {
  const { code, out, complaints } = await runBench('--operators-cost', '--licences', '50');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toMatch(/\| export of licences as CSV \| 200 \| \d+ \| \d+ \|/);
  expect(out).toMatch(/\| 80,000 empty entries \| 400 \|/);
});

startsServices('--operators measures what operators ask every day', async () => {
  const { code, out, complaints } = await runBench('--operators', '--licences', '5');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toContain('5 licences, 100 VMs, 250 decisions');
  expect(out).toMatch(/\| overview \| \d+ \| \d+ \| (yes|no) \|/);
});

test('--help tells every option', async () => {
  const { code, out } = await runBench('--help');
  const options = [
    '--quick',
    '--json',
    '--write',
    '--rounds',
    '--slice',
    '--ca-bits',
    '--client',
    '--stranger',
    '--flood',
    '--requests',
    '--renewals',
    '--start',
    '--operators-cost',
    '--operators',
    '--licences',
    '--help',
  ];
  expect(code).toBe(0);
  expect(options.filter((option) => !out.includes(`  ${option}`))).toEqual([]);
});

test.each([
  ['--jsn'],
  ['--rounds', '0'],
  ['--slice', 'x'],
  ['--ca-bits', '1024'],
  ['--json', '--write'],
  ['--stranger', '--json'],
  ['--client', '--quick'],
  ['--client', '--stranger'],
  ['--requests', '--start'],
  ['--operators-cost', '--stranger'],
  ['--operators', '--operators-cost'],
  ['more'],
])('a wrong command line is told, and nothing is measured: %s %s', async (...args) => {
  const { code, out, complaints } = await runBench(...args);
  expect([code, out]).toEqual([1, '']);
  expect(complaints).toContain('See: npm run bench -- --help');
});
