import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { dayOf } from '../../../src/contract/dayHours.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { useStack } from '../../operators/useStack.ts';
import { runIn } from '../documentFiles.ts';

const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-privacy-cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const LONG_GONE = '33333333-0000-4000-8000-000000000001';
const OF = ['--subscription', SUBSCRIPTION, '--cloud', 'emulator'];

/** A VM with a licence, and the hours of one that is long gone. */
beforeAll(async () => {
  const { serviceUrl, imdsUrl } = stack();
  const booted = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'small-1', key: createKey() });
  expect(booted.status).toBe(200);
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  const of = {
    cloud: 'emulator',
    subscriptionId: SUBSCRIPTION,
    licenceId: 'http-small',
    offer: 'contoso/gateway/small',
  };
  const day = dayOf(Date.now()) - 10;
  const hours = { row: 'usage', vmId: LONG_GONE, ...of, day, hours: 0b11 } as const;
  await store.writeSeats({ kind: 'licence', id: 'http-small' }, [hours]);
});

function run(role: 'Admin' | 'Operator', ...args: string[]) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens[role] };
  return runIn(folder, ['privacy', ...args], { env });
}

const kinds = (text: string) => new Set((JSON.parse(text) as { what: string }[]).map(({ what }) => what));

test('everything that is kept of a subscription is written as one array, or to a file', async () => {
  const { code, out, complaints } = await run('Admin', 'export', ...OF);
  expect({ code, complaints: complaints.replace(/^\d+ rows read; reading on …\n/gm, '') }).toEqual({
    code: 0,
    complaints: '',
  });
  expect(kinds(out)).toEqual(new Set(['licence', 'holding', 'activation', 'hours', 'decision', 'change']));
  expect(out).toContain(LONG_GONE);
  const filed = await run('Admin', 'export', ...OF, '--out', 'subscription.json', '--json');
  expect(JSON.parse(filed.out)).toEqual({ file: 'subscription.json', rows: (JSON.parse(out) as object[]).length });
  expect(readFileSync(join(folder, 'subscription.json'), 'utf8')).toBe(out);
});

test('an operator who is no administrator may do neither', async () => {
  for (const verb of ['export', 'erase']) {
    const { code, out, complaints } = await run('Operator', verb, ...OF);
    expect([code, out]).toEqual([2, '']);
    expect(complaints).toContain('role_missing');
  }
});

test('erasing asks first, and a dry run erases nothing', async () => {
  const before = await run('Admin', 'export', ...OF);
  const asked = await run('Admin', 'erase', ...OF);
  expect([asked.code, asked.out]).toEqual([1, '']);
  expect(asked.complaints).toContain('This cannot be undone.');
  expect(asked.complaints).toContain('--yes');
  const tried = await run('Admin', 'erase', ...OF, '--dry-run');
  expect(tried.out).toMatch(/^Nothing was erased\. Would stay:\n/);
  expect(tried.out).toContain('The VM has a licence that has not expired.');
  expect((await run('Admin', 'export', ...OF)).out).toBe(before.out);
});

test('what may go is erased, and what stays is listed with the reason', async () => {
  const { code, out } = await run('Admin', 'erase', ...OF, '--yes', '--reason', 'The customer asked for it.', '--json');
  const report = JSON.parse(out) as { erased: object; kept: { what: string; until: string | null }[] };
  expect([code, report]).toMatchObject([0, { erased: { vms: 0, hours: 1 }, complete: true }]);
  expect(report.kept.map(({ what }) => what.split(' ')[0])).toContain('activation');
  const after = await run('Admin', 'export', ...OF);
  expect(after.out).not.toContain(LONG_GONE);
  expect(kinds(after.out)).toEqual(new Set(['licence', 'holding', 'activation', 'hours', 'change']));
  const again = await run('Admin', 'erase', ...OF, '--yes');
  expect(again.out).toMatch(
    /^Erased:\n {2}VMs +0\n {2}rows of hours +0\n {2}decisions +0\n {2}changes +\d+\n {2}kept answers +\d+\nStays \(\d+\):\n/,
  );
});

test('a subscription is needed, and must be one', async () => {
  const missing = await run('Admin', 'erase', '--yes');
  expect([missing.code, missing.out]).toEqual([1, '']);
  expect(missing.complaints).toContain('--subscription <uuid> is missing');
  const wrong = await run('Admin', 'export', '--subscription', 'mine');
  expect([wrong.code, wrong.complaints]).toEqual([2, expect.stringContaining('UUID') as string]);
});
