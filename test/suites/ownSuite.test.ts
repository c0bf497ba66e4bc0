import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runConformance } from '../../src/dev/conformance/main.ts';
import { readOutput, recordIo } from '../cli/recordIo.ts';
import { AT } from '../verifier/x509/pki.ts';
import { makeOwnSuite } from './ownSuite.ts';
import type { OwnCase } from './ownSuite.ts';

/** A suite of our own, which runs where the public ones are not at hand, through the command itself. */

const directory = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
let cases: readonly OwnCase[] = [];

beforeAll(async () => {
  cases = await makeOwnSuite();
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function run(suite: unknown, ...args: string[]) {
  writeFileSync(join(directory, 'suite.json'), typeof suite === 'string' ? suite : JSON.stringify(suite));
  const io = recordIo([], { directory, now: () => AT });
  return {
    exitCode: await runConformance(['suite.json', ...args], io),
    lines: readOutput(io),
    complaints: io.written.complaints,
  };
}

test('every case gets the verdict and the code that its maker expects, in its place', async () => {
  const { exitCode, lines, complaints } = await run({ version: 1, testcases: cases.map(({ json }) => json) });
  const expected = cases.map(({ id, code }) => ({
    id,
    accepted: code === null,
    code,
    expected: code === null ? 'SUCCESS' : 'FAILURE',
  }));
  expect(lines).toEqual(expected);
  expect(exitCode).toBe(0);
  expect(complaints).toBe(
    `${cases.length} cases: ${cases.length} as expected, 0 accepted that the suite rejects, 0 rejected that it accepts, 0 not run\n`,
  );
  expect(cases.length).toBeGreaterThan(40);
});

test('disagreement is no failure of the run; the suite’s word is given as it is', async () => {
  const [plain, unknown] = cases;
  const testcases = [
    { ...plain?.json, expected_result: 'FAILURE' },
    { ...unknown?.json, expected_result: 'SUCCESS' },
  ];
  const { exitCode, lines, complaints } = await run({ testcases }, '--json');
  expect(exitCode).toBe(0);
  expect(lines).toMatchObject([
    { accepted: true, expected: 'FAILURE' },
    { accepted: false, expected: 'SUCCESS' },
  ]);
  expect(complaints).toContain('2 cases: 0 as expected, 1 accepted that the suite rejects, 1 rejected that it accepts');
});

test('an empty suite is run, a file that is none is refused', async () => {
  expect(await run({ testcases: [] })).toMatchObject({ exitCode: 0, lines: [] });
  await expect(run('nonsense')).rejects.toThrow('it is not JSON');
  await expect(run({ testcases: [{}] })).rejects.toThrow('testcases.0.id');
});

test.each([
  [[], 'name one FILE.json'],
  [['a.json', 'b.json'], 'name one FILE.json'],
  [['a.json', '--fast'], '--fast'],
  [['not-there.json'], 'not-there.json'],
])('wrong usage: %j', async (args, message) => {
  await expect(runConformance(args, recordIo([], { directory }))).rejects.toThrow(message);
});
