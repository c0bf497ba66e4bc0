import { expect, test } from 'vitest';
import { projectViews } from '../../../../src/app/projectViews.ts';
import { createTablesStore } from '../../../../src/tables/createTablesStore.ts';
import { LAG } from '../../../../src/views/projectLog.ts';
import { boot, createKey } from '../../../endToEnd/protocolClient.ts';
import { useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';

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

function openStore() {
  const { connectionString, tablePrefix } = stack();
  return createTablesStore({ connection: { connectionString }, tablePrefix });
}

/** As the timer does some minutes later. */
async function project(): Promise<void> {
  await projectViews({ store: openStore(), now: () => Date.now() + LAG + 60_000 }, () => undefined);
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

test('licences are listed with the seats that are taken, as they were counted last', async () => {
  const listed = await run('licences', 'list', '--query', 'http-standard');
  expect(listed.out).toMatch(/^ID +STATUS .* VALID UNTIL +TAKEN +OVER$/m);
  expect(listed.out).toMatch(/^http-standard +active .* +1 +0$/m);
  expect(await json('licences', 'list', '--query', 'http-standard')).toMatchObject([
    { licence: { id: 'http-standard' }, taken: 1, over: 0 },
  ]);
});

test('issues by CA stand beside the decisions, and alone where they are asked for', async () => {
  const issue = { cloud: 'AzureChinaCloud', issuer: 'Contoso CA 7' };
  const store = openStore();
  const at = Date.now();
  for (let times = 0; times < 2; times += 1) store.countIssue({ ...issue, at });
  await store.writeIssues();
  const ofCloud = ['--cloud', issue.cloud];
  expect(await json('decisions', 'stats', '--issues', ...ofCloud)).toMatchObject([{ ...issue, count: 2 }]);
  expect(await json('decisions', 'stats', ...ofCloud)).toEqual([]);
  expect((await run('decisions', 'stats', ...ofCloud)).out).toMatch(
    /^Decisions\nnone\n\nLicences by CA\nFROM +CA +CLOUD +LICENCES\n20\S+ +Contoso CA 7 +AzureChinaCloud +2\n$/,
  );
  expect((await run('decisions', 'stats')).out).toMatch(
    /^Decisions\nFROM +CODE +OFFER +CLOUD +VMS\n20.*licence_issued/,
  );
  expect((await run('decisions', 'stats', '--code', 'licence_issued')).out).not.toContain('Licences by CA');
  expect((await run('decisions', 'stats', '--issues', '--code', 'licence_issued')).complaints).toContain(
    '--issues and --code do not go together',
  );
});

test('a pool tells how it was used, day by day, and a VM what happened to it', async () => {
  const pool = 'licence:http-standard';
  const history = await json('pools', 'history', pool);
  expect(history).toMatchObject({ pool, limit: 50 });
  const { days } = history as { readonly days: readonly { readonly day: string }[] };
  expect(days).toHaveLength(30);
  const { day = '' } = days.at(-1) ?? {};
  const told = await run('pools', 'history', pool, '--from', day);
  expect(told.out).toMatch(
    new RegExp(`^DAY +VM-HOURS +MOST AT ONCE\n${day} +\\d+ +1\n(.*\n)?\nThe pool has 50 seats now\\.\n$`),
  );
  expect(await json('decisions', 'timeline', '--vm', LICENSED)).toMatchObject([{ code: 'licence_issued' }]);
  const subscription = 'aaaaaaaa-0000-4000-8000-000000000001';
  const line = (await run('decisions', 'timeline', '--subscription', subscription, '--cloud', 'emulator')).out;
  expect(line).toMatch(new RegExp(`^20\\S+ +licence_issued +${LICENSED} `, 'm'));
  expect((await run('pools', 'history', 'licence:nowhere')).code).toBe(2);
});

test('lists are narrowed by every filter that the API has for them', async () => {
  const key = createKey();
  const { serviceUrl, imdsUrl } = stack();
  const change = { label: 'Kasse 7' };
  await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'licensed-2', key, change });
  expect((await bootVm('stranger')).status).toBe(403);
  await project();
  const ofLicence = ['--licence', 'http-standard'];
  const vms = async (...words: string[]) =>
    ((await json('activations', 'list', ...ofLicence, '--label', ...words)) as readonly { label: string }[]).map(
      ({ label }) => label,
    );
  expect([await vms('kasse'), await vms('bar')]).toEqual([['Kasse 7'], []]);
  const codes = async (...flags: string[]) => [
    ...new Set(((await json('decisions', 'list', ...flags)) as readonly { code: string }[]).map(({ code }) => code)),
  ];
  expect(await codes(...ofLicence)).toEqual(['licence_issued']);
  expect(await codes('--refused')).toContain('subscription_not_licensed');
  expect(await codes('--refused')).not.toContain('licence_issued');
  expect(await codes(...ofLicence, '--refused')).toEqual([]);
  const kinds = async (kind: string) =>
    ((await json('pools', 'list', '--kind', kind)) as readonly { kind: string }[]).map((pool) => pool.kind);
  expect(new Set(await kinds('licence'))).toEqual(new Set(['licence']));
  expect(await kinds('trial')).toEqual([]);
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
  [['pools', 'list', '--kind', 'swimming'], 'marketplace'],
  [['activations', 'list', '--vm', LICENSED, '--label', 'kasse'], 'within a licence'],
  [['status', '--period', '1y'], '7d'],
  [['decisions', 'stats', '--from', 'soon'], 'RFC 3339'],
  [['decisions', 'timeline'], '--subscription or --vm'],
  [['decisions', 'timeline', '--vm', LICENSED, '--subscription', LICENSED], 'one of the two'],
  [['pools', 'history', 'licence:x', '--from', 'soon'], 'a day such as'],
  [['licences', 'list', '--status', 'paused'], 'offer_suspended'],
])('%j is wrong usage', async (args, told) => {
  const { code, complaints } = await run(...args);
  expect([code, complaints]).toEqual([1, expect.stringContaining(told)]);
});
