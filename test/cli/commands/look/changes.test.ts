import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { operate, useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';

/** Many licences at once, and what operators find of it afterwards. */

const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-changes-cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens.Operator };
  return runIn(folder, args, { env });
};

async function json(...args: string[]): Promise<unknown> {
  const { code, out } = await run(...args, '--json');
  expect(code).toBe(0);
  return JSON.parse(out);
}

async function grant(prefix: string, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  for (const [index, id] of ids.entries()) {
    const subscription = `${prefix === 'many' ? 'a' : 'b'}0000000-0000-4000-8000-${`${index}`.padStart(12, '0')}`;
    const body = { id, offer: 'contoso/gateway/standard', seats: 3, cloud: 'emulator', subscription };
    expect((await operate(stack(), `PUT /licences/${id}`, { body })).status).toBe(201);
  }
  return ids;
}

test('licences of a filter are suspended once their effect was told, and found again under changes', async () => {
  const ids = await grant('many', 12);
  const bulk = ['licences', 'suspend', '--filter', 'query=many', '--filter', 'offer=contoso/gateway/standard'];
  const unasked = await run(...bulk);
  expect([unasked.code, unasked.out]).toEqual([1, '']);
  expect(unasked.complaints).toMatch(
    // VMs are counted for a second, which is little on a busy machine.
    /^Suspends 12 licences: many-0, many-1, many-10, .* and 2 more\. (?:At least )?0 VMs have a seat/m,
  );
  expect(unasked.complaints).toContain('--yes');
  const tried = await run(...bulk, '--dry-run');
  expect([tried.code, tried.out]).toEqual([0, expect.stringMatching(/^Nothing was written\. Would be:\nID +CHANGE\n/)]);
  expect(tried.out).toMatch(/^many-7 +status: active → suspended$/m);
  const done = await run(...bulk, '--yes', '--reason', 'unpaid');
  expect([done.code, done.out]).toEqual([0, '12 changed, 0 unchanged, 0 failed, 0 unknown\n']);
  const listed = await run('changes', 'list', '--kind', 'licence', '--limit', '12');
  expect(listed.out).toMatch(/^TIME +BY +OPERATION +KIND +OBJECT +CHANGE +REASON +STATE\n/);
  for (const id of ids) {
    const line = new RegExp(`changeLicences +licence +${id} +status: active → suspended +unpaid +done$`, 'm');
    expect(listed.out).toMatch(line);
  }
  const again = await run(...bulk, '--yes');
  expect([again.code, again.complaints]).toEqual([0, 'No licence is changed.\n']);
  const resumed = await json('licences', 'resume', '--filter', 'query=many', '--yes');
  expect(resumed).toMatchObject({ changed: 12, failed: 0 });
});

test('a single licence is changed by what is named alone, and its changes are listed by its id', async () => {
  const [id = ''] = await grant('single', 1);
  await operate(stack(), `PATCH /licences/${id}`, {
    body: { features: { tier: 'gold' } },
    headers: { 'If-Match': '*' },
  });
  expect(await json('licences', 'suspend', id, '--yes', '--reason', 'unpaid')).toMatchObject({
    licence: { status: 'suspended', features: { tier: 'gold' } },
  });
  expect(await json('licences', 'resume', id)).toMatchObject({ licence: { status: 'active' } });
  const trial = await run('licences', 'set', id, '--seats', '2', '--dry-run');
  expect(trial.out).toMatch(/seats +3 → 2$/m);
  expect(await json('licences', 'set', id, '--seats', '9', '--note', 'grown')).toMatchObject({
    licence: { seats: 9, note: 'grown', features: { tier: 'gold' } },
  });
  const changes = await json('changes', 'list', '--kind', 'licence', '--key', id);
  expect(changes).toMatchObject([
    { operation: 'patchLicence', new: { seats: 9, note: 'grown' }, reason: null },
    { old: { status: 'suspended' }, new: { status: 'active' } },
    { old: { status: 'active' }, new: { status: 'suspended' }, reason: 'unpaid' },
    { old: { features: {} }, new: { features: { tier: 'gold' } } },
    { operation: 'putLicence', old: null, new: { seats: 3 } },
  ]);
  const [{ at }] = changes as [{ at: string }];
  expect(await json('changes', 'list', '--key', id, '--kind', 'licence', '--from', at)).toHaveLength(1);
  expect((await run('changes', 'list', '--kind', 'licence', '--key', id)).out).toMatch(/ +created +- +done$/m);
});

test.each([
  [['licences', 'suspend'], 'no licence is named'],
  [['licences', 'revoke', 'one', '--filter', 'query=x'], 'do not go together'],
  [['licences', 'resume', '--filter', 'colour=red'], 'The names are query, status'],
  [['licences', 'resume', '--filter', 'query='], 'Write NAME=VALUE'],
  [['licences', 'resume', '--filter', 'query=a', '--filter', 'query=b'], 'is given twice'],
  [['licences', 'resume', '--filter', 'endsBefore=soon'], 'Write a time of RFC 3339'],
  [['changes', 'list', '--from', 'soon'], 'Write a time of RFC 3339'],
])('%j is wrong usage', async (args, told) => {
  const { code, out, complaints } = await run(...args);
  expect([code, out]).toEqual([1, '']);
  expect(complaints).toContain(told);
});

test('what the service refuses is told', async () => {
  const wrong = await run('changes', 'list', '--kind', 'nothing');
  expect([wrong.code, wrong.out]).toEqual([2, '']);
  expect(wrong.complaints).toContain('kind');
  const status = await run('licences', 'suspend', '--filter', 'status=paused', '--yes');
  expect([status.code, status.complaints]).toEqual([2, expect.stringContaining('status')]);
});
