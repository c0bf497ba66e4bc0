import { expect, test } from 'vitest';
import { projectViews } from '../../../src/app/projectViews.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { useStack } from '../../operators/useStack.ts';
import { runIn } from '../documentFiles.ts';

/** What an operator looks at first: the service's state, who is refused, which pools are full, whom a word finds. */

const stack = useStack();

const run = (...args: string[]) => {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens.Operator };
  return runIn('.', args, { env });
};

async function json(...args: string[]): Promise<unknown> {
  const { code, out, complaints } = await run(...args, '--json');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  return JSON.parse(out);
}

function bootVm(vm: string) {
  const { serviceUrl, imdsUrl } = stack();
  return boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm, key: createKey() });
}

/** As the timer does some minutes later. */
async function project(): Promise<void> {
  const { connectionString, tablePrefix } = stack();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await projectViews({ store, now: () => Date.now() + LAG + 60_000 }, () => undefined);
}

const DAY = 24 * 60 * 60 * 1000;
const after = (days: number) => `${new Date(Date.now() + days * DAY).toISOString().slice(0, 19)}Z`;
/** Within the time of which the status tells the ends. */
const ENDS = after(30);
const LICENSED = '11111111-0000-4000-8000-000000000001';

test('grants and refusals are counted at once, and pools and words found once they were projected', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const terms = ['--offer', 'contoso/gateway/standard', '--seats', '9', '--valid-until', ENDS];
  const subscription = ['--cloud', 'emulator', '--subscription', 'ffffffff-0000-4000-8000-000000000009'];
  const granted = await run('licences', 'grant', 'fabrikam-9', ...subscription, ...terms, '--customer', 'Fabrikam Ltd');
  expect(granted.code, granted.complaints).toBe(0);
  expect(await json('decisions', 'stats', '--code', 'licence_issued')).toMatchObject([
    { code: 'licence_issued', offer: 'contoso/gateway/standard', cloud: 'emulator', count: 1 },
  ]);
  expect(await json('search', 'fabrikam-9')).toMatchObject({ licences: [{ id: 'fabrikam-9' }] });
  await project();
  const [fullest] = (await json('pools', 'list', '--sort', 'fullest', '--limit', '100')) as readonly object[];
  expect(fullest).toMatchObject({ pool: 'licence:http-standard', taken: 1, limit: 50 });
  const found = await run('search', 'fabri', 'ltd');
  expect([found.code, found.out]).toEqual([
    0,
    'Licences\nID          CUSTOMER      REFERENCE  OFFER\nfabrikam-9  Fabrikam Ltd  -          contoso/gateway/standard\n',
  ]);
  expect((await run('search', LICENSED)).out).toMatch(new RegExp(`^VMs\nID .*\n${LICENSED} +emulator +20`, 'm'));
  const status = await run('status');
  expect(status.code).toBe(0);
  expect(status.out).toMatch(/^Ready: (ok|degraded) {2}\(20/);
  expect(status.out).toMatch(/^licence_issued +1$/m);
  expect(status.out).toMatch(/^licence:http-standard +- +1 +50 +0 +0 +- +20/m);
  expect(status.out).toMatch(new RegExp(`^licence +fabrikam-9 \\(Fabrikam Ltd\\) +${ENDS}$`, 'm'));
});

test('licences are listed by words, by what they are worth, and in the order of their ends', async () => {
  const ids = async (...flags: string[]) =>
    ((await json('licences', 'list', ...flags)) as { licence: { id: string } }[]).map(({ licence }) => licence.id);
  expect(await ids('--query', 'http stand')).toEqual(['http-standard']);
  expect(await ids('--status', 'expired')).toEqual(['http-expired']);
  expect(await ids('--offer', 'contoso/gateway/fleet')).toEqual(['http-storm']);
  expect(await ids('--sort', 'end', '--ends-before', after(40))).toEqual(['http-expired', 'fabrikam-9']);
  expect((await run('licences', 'list', '--query', 'http-exp')).out).toMatch(/^http-expired +expired /m);
});

test('nothing found is no failure, and what has no word is refused', async () => {
  const nothing = await run('search', 'nowhere');
  expect([nothing.code, nothing.out]).toEqual([0, expect.stringMatching(/^Nothing was found\./)]);
  const short = await run('search', '!!');
  expect([short.code, short.complaints]).toEqual([2, expect.stringContaining('at least two letters')]);
});

test.each([
  [['search'], 'words'],
  [['pools', 'list', '--sort', 'emptiest'], 'fullest'],
  [['status', '--period', '1y'], '7d'],
  [['decisions', 'stats', '--from', 'soon'], 'RFC 3339'],
  [['licences', 'list', '--status', 'paused'], 'offer_suspended'],
])('%j is wrong usage', async (args, told) => {
  const { code, complaints } = await run(...args);
  expect([code, complaints]).toEqual([1, expect.stringContaining(told)]);
});
