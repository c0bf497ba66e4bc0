import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FEATURES, type Vector } from '../../../src/emulator/vectors/vectorFile.ts';
import { writeVectors } from '../../../src/emulator/vectors/writeVectors.ts';
import { readVectors } from '../../emulator/vectors/readVectors.ts';
import { runKeys } from '../../support/runKeys.ts';
import { RUNNERS, runOn, type Verdicts } from './runners.ts';

/* The figures of docs/vectors.md come out of a run of its programs. */

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../docs/vectors.md'), 'utf8');

// The reporter shows that tests are skipped, but not why.
for (const { name, absent } of RUNNERS) {
  if (absent !== null) process.stderr.write(`docs/examples/vectors: ${name} is skipped: ${absent}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
const isNeeded = RUNNERS.some(({ absent }) => absent === null);
/** Those without features, which are the ones that the programs judge. */
let vectors: readonly Vector[] = [];

beforeAll(async () => {
  if (!isNeeded) return;
  await writeVectors(join(folder, 'vectors'), { keysOf: runKeys });
  vectors = readVectors(join(folder, 'vectors')).filter(({ features }) => features.length === 0);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ACCEPTED = 'good documents';

/** The rows of the page's table: what is to be accepted first, then each check with its codes. */
function rowOf({ expected }: Vector): string {
  return expected.accepted ? ACCEPTED : `\`${expected.check}\`: \`${expected.code}\``;
}

type Column = Readonly<Record<string, string>>;

function countColumn(verdicts: Verdicts): Column {
  const counted = Object.entries(Object.groupBy(vectors, rowOf)).map(([row, group = []]) => {
    const answers = group.map(({ id }) => verdicts.get(id));
    const endless = answers.filter((answer) => answer === null).length;
    const accepted = answers.filter((answer) => answer === true).length;
    return [row, `${accepted}${endless === 0 ? '' : ` (${endless} without an end)`}`] as const;
  });
  return Object.fromEntries(counted);
}

function readColumn(heading: string): Column {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('|'));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const start = cells.findIndex((row) => row.includes(heading));
  const table = cells.slice(start);
  const column = table[0]?.indexOf(heading) ?? -1;
  return Object.fromEntries(table.slice(2).map((row) => [row[1] ?? '', row[column] ?? '']));
}

test.skipIf(!isNeeded)('the page has the number of vectors of each check and code', () => {
  const counted = Object.entries(Object.groupBy(vectors, rowOf)).map(([row, group = []]) => [row, `${group.length}`]);
  expect(readColumn('vectors')).toEqual(Object.fromEntries(counted));
});

for (const { name, absent, command } of RUNNERS) {
  test.skipIf(absent !== null)(`the page has what ${name} accepts`, async () => {
    const verdicts = await runOn(join(folder, 'vectors'), command(join(folder, 'dotnet')));
    expect([...verdicts.keys()]).toEqual(vectors.map(({ id }) => id));
    expect(countColumn(verdicts)).toEqual(readColumn(name));
  });
}

test('the page has every feature', () => {
  const listed = Object.entries(FEATURES).filter(([name, meaning]) => PAGE.includes(`- \`${name}\`: ${meaning}`));
  expect(listed).toEqual(Object.entries(FEATURES));
});
