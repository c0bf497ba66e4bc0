import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { dayOf } from '../../../../src/contract/dayHours.ts';
import { createTablesStore } from '../../../../src/tables/createTablesStore.ts';
import type { SeatWrite } from '../../../../src/seats/store.ts';
import { useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';

const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-usage-cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const OFFER = 'contoso/gateway/standard';
const DAYS = 390;
const FIRST = dayOf(Date.UTC(2026, 0, 1));

function write(day: number): SeatWrite {
  const of = { cloud: 'emulator', subscriptionId: SUBSCRIPTION, offer: OFFER };
  return {
    row: 'usage',
    vmId: '33333333-0000-4000-8000-000000000001',
    ...of,
    licenceId: 'http-standard',
    day,
    hours: 0b11,
  };
}

/** More rows than a page has: three licences for over a year. */
beforeAll(async () => {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  for (const id of ['http-standard', 'second', 'third']) {
    for (let start = 0; start < DAYS; start += 100) {
      const days = Array.from({ length: Math.min(100, DAYS - start) }, (_, index) => FIRST + start + index);
      await store.writeSeats({ kind: 'licence', id }, days.map(write));
    }
  }
});

function run(...args: string[]) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens.Reader };
  return runIn(folder, ['usage', 'export', ...args], { env });
}

const JANUARY = ['--from', '2026-01-30', '--to', '2026-02-01', '--licence', 'http-standard'];

test('usage is written as CSV, and with --json as one array', async () => {
  const { code, out, complaints } = await run(...JANUARY);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out.split('\r\n')).toEqual([
    'period,licence,offer,cloud,subscription,vmHours,mostAtOnce',
    `2026-01-30,http-standard,${OFFER},,,2,1`,
    `2026-01-31,http-standard,${OFFER},,,2,1`,
    '',
  ]);
  const json = await run(...JANUARY, '--by', 'month', '--json');
  expect(JSON.parse(json.out)).toEqual([
    { period: '2026-01', licence: 'http-standard', offer: OFFER, vmHours: 4, mostAtOnce: 1 },
  ]);
});

test('a file is written in the form that its name says, and that is told', async () => {
  const csv = await run(...JANUARY, '--out', 'january.csv');
  expect(csv.out).toBe('january.csv written as CSV: 2 rows\n');
  expect(readFileSync(join(folder, 'january.csv'), 'utf8')).toMatch(/^\uFEFFperiod,licence/);
  const json = await run(...JANUARY, '--out', 'january.json', '--json');
  expect(JSON.parse(json.out)).toEqual({ file: 'january.json', kind: 'JSON', rows: 2 });
  expect(JSON.parse(readFileSync(join(folder, 'january.json'), 'utf8'))).toHaveLength(2);
});

test('all pages are read, and progress is told where JSON is not asked for', async () => {
  const year = ['--from', '2026-01-01', '--to', '2027-02-01'];
  const { out, complaints } = await run(...year, '--out', 'year.csv');
  expect(out).toBe(`year.csv written as CSV: ${3 * DAYS} rows\n`);
  expect(complaints).toMatch(/^1000 rows read, up to http-standard 2026-\d\d-\d\d; reading on …\n$/);
  const json = await run(...year, '--subscription', SUBSCRIPTION, '--cloud', 'emulator', '--json');
  expect([(JSON.parse(json.out) as object[]).length, json.complaints]).toEqual([3 * DAYS, '']);
});

test('no usage is a file without rows, and is said', async () => {
  const { code, out, complaints } = await run('--from', '2025-01-01', '--to', '2025-02-01', '--offer', OFFER);
  expect([code, out, complaints]).toEqual([
    0,
    'period,licence,offer,cloud,subscription,vmHours,mostAtOnce\r\n',
    'No VM was licensed in this time.\n',
  ]);
});

test('no usage of a subscription is said with the cloud that was looked at', async () => {
  const unnamed = await run(...JANUARY, '--subscription', SUBSCRIPTION);
  expect(unnamed.complaints).toBe('No VM of this subscription was licensed in AzurePublicCloud in this time.\n');
});

test.each([
  { args: ['--to', '2026-02-01'], says: 'the option --from <day> is missing' },
  { args: ['--from', '2026-01-01'], says: 'the option --to <day> is missing' },
  { args: ['--from', 'yesterday', '--to', '2026-02-01'], says: 'Write a day such as 2026-11-01' },
  { args: ['--from', '2026-02-30', '--to', '2026-03-01'], says: 'Write a day such as 2026-11-01' },
  { args: [...JANUARY, '--by', 'week'], says: 'day, month' },
  { args: [...JANUARY, '--cloud', 'emulator'], says: '--cloud goes together with --subscription' },
])('wrong usage is told: $says', async ({ args, says }) => {
  const { code, out, complaints } = await run(...args);
  expect([code, out]).toEqual([1, '']);
  expect(complaints).toContain(says);
});

test('what the service refuses is told, with exit code 2', async () => {
  const { code, out, complaints } = await run('--from', '2024-01-01', '--to', '2026-02-01');
  expect([code, out]).toEqual([2, '']);
  expect(complaints).toContain('more than 400 days');
  expect((await run('--from', '2026-01-01', '--to', '2026-02-01', '--licence', 'nobody')).code).toBe(2);
});
