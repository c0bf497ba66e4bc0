import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { writePem } from '../../src/trust/pem.ts';
import { boot, createKey } from '../endToEnd/protocolClient.ts';
import { operate, useStack } from '../operators/useStack.ts';
import { runKeys } from '../support/runKeys.ts';
import { recordIo } from './recordIo.ts';
import { listServiceCommands } from './sampleService.ts';

/**
 * Every command that can stop somebody's software: it tells its effect, asks, keeps a reason, and can be tried. Here they
 * are all run against a real service. What a new command does must be said in one of the two tables.
 */

const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-stopping-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Ask = (question: string) => Promise<string>;

async function run(args: readonly string[], ask: Ask | null = null) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens.Admin };
  const io = recordIo([], { env, directory: folder, ask });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, out, complaints } = await run([...args, '--json']);
  expect(code, complaints).toBe(0);
  return JSON.parse(out);
}

const uuid = (n: number) => `bbbbbbbb-0000-4000-8000-${`${n}`.padStart(12, '0')}`;

async function request(line: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await operate(stack(), line, { as: 'Admin', body });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

/** A licence of 20 seats, and its id. */
async function grant(n: number): Promise<string> {
  const id = `stopped-${n}`;
  const scope = { cloud: 'emulator', subscription: uuid(n) };
  await request(`PUT /licences/${id}`, { id, offer: 'contoso/gateway/standard', seats: 20, ...scope });
  return id;
}

/** An offer in marketplace mode with 20 seats, and its name. */
async function sell(n: number): Promise<string> {
  const offer = `contoso/stopped/plan-${n}`;
  await request(`PUT /offers/${offer}`, { offer, mode: 'marketplace', seats: 20, clouds: ['emulator'] });
  return offer;
}

async function override(n: number): Promise<readonly string[]> {
  const offer = await sell(n);
  await request(`PUT /offers/${offer}/overrides/emulator/${uuid(n)}`, { seats: 30 });
  return [offer, '--subscription', uuid(n), '--cloud', 'emulator'];
}

const vmKey = createKey();

async function bootVm(vm: string): Promise<void> {
  const { serviceUrl, imdsUrl } = stack();
  const answer = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm, key: vmKey });
  expect(answer.status).toBe(200);
}

function write(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

const digestOf = (n: number) => createHash('sha256').update(`${n}`).digest('hex');

interface Row {
  readonly command: string;
  /** Makes what is stopped, another one for each number; the arguments that name it. */
  readonly prepare: (n: number) => Promise<readonly string[]>;
  readonly effect: RegExp;
  /** What `--dry-run` shows on standard output. */
  readonly change: RegExp;
  /** Of the record of the change. */
  readonly kind: string;
}

const SUSPENDED = /status +active → suspended$/m;

const STOPPING: readonly Row[] = [
  {
    command: 'licences suspend',
    prepare: async (n) => [await grant(n)],
    effect: /^Suspends the licence stopped-\d+\. (?:At least )?0 VMs have a seat under it\. .* stop\.$/m,
    ...{ change: SUSPENDED, kind: 'licence' },
  },
  {
    command: 'licences suspend',
    prepare: async (n) => ['--filter', `query=${await grant(n)}`, '--filter', `subscription=${uuid(n)}`, ...IN_CLOUD],
    effect: /^Suspends 1 licence: stopped-\d+\. (?:At least )?0 VMs have a seat under it\. /m,
    ...{ change: /^stopped-\d+ +status: active → suspended$/m, kind: 'licence' },
  },
  {
    command: 'licences resume',
    prepare: async (n) => {
      await run(['licences', 'suspend', await grant(n), '--yes']);
      return ['--filter', `subscription=${uuid(n)}`, ...IN_CLOUD];
    },
    effect: /^Resumes 1 licence: stopped-\d+\. /m,
    ...{ change: /status: suspended → active$/m, kind: 'licence' },
  },
  {
    command: 'licences revoke',
    prepare: async (n) => [await grant(n)],
    effect: /^Revokes the licence stopped-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /status +active → revoked$/m, kind: 'licence' },
  },
  {
    command: 'licences delete',
    prepare: async (n) => [await grant(n)],
    effect: /^Deletes the licence stopped-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /deleted +yes$/m, kind: 'licence' },
  },
  {
    command: 'licences set',
    prepare: async (n) => [await grant(n), '--seats', '5'],
    effect: /^Changes seats from 20 to 5 of the licence stopped-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /seats +20 → 5$/m, kind: 'licence' },
  },
  {
    command: 'licences import',
    prepare: async (n) => {
      const id = await grant(n);
      const scope = `emulator,${uuid(n)},contoso/gateway/standard`;
      return [write(`${id}.csv`, `id,cloud,subscription,offer,seats\n${id},${scope},5\n`)];
    },
    effect: /^VMs that these changes leave out get no new licence:\n {2}stopped-\d+: seats from 20 to 5$/m,
    ...{ change: /^stopped-\d+ +seats: 20 → 5$/m, kind: 'licence' },
  },
  {
    command: 'apply',
    prepare: async (n) => {
      const offer = await sell(n);
      return [write(`offer-${n}.json`, { offers: [{ offer, mode: 'marketplace', seats: 5, clouds: ['emulator'] }] })];
    },
    effect:
      /^VMs that these changes leave out get no new licence:\n {2}contoso\/stopped\/plan-\d+: seats from 20 to 5$/m,
    ...{ change: /^contoso\/stopped\/plan-\d+ +seats: 20 → 5$/m, kind: 'offer' },
  },
  {
    command: 'offers suspend',
    prepare: async (n) => [await sell(n)],
    effect: /^Suspends the offer contoso\/stopped\/plan-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: SUSPENDED, kind: 'offer' },
  },
  {
    command: 'offers delete',
    prepare: async (n) => [await sell(n)],
    effect: /^Deletes the offer contoso\/stopped\/plan-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /deleted +yes$/m, kind: 'offer' },
  },
  {
    command: 'offers set',
    prepare: async (n) => [await sell(n), '--seats', '5'],
    effect: /^Changes seats from 20 to 5 of the offer contoso\/stopped\/plan-\d+\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /seats +20 → 5$/m, kind: 'offer' },
  },
  {
    command: 'offers override set',
    prepare: async (n) => [await sell(n), '--subscription', uuid(n), '--cloud', 'emulator', '--seats', '5'],
    effect: /^Changes seats from 20 to 5 for the subscription\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /seats +- → 5$/m, kind: 'override' },
  },
  {
    command: 'offers override set',
    prepare: async (n) => [...(await override(n)), '--seats', 'none'],
    effect: /^Changes seats from 30 to 20 for the subscription\. (?:At least )?0 VMs have a seat/m,
    ...{ change: /seats +30 → -$/m, kind: 'override' },
  },
  {
    command: 'offers override remove',
    prepare: override,
    effect: /^Removes the override of the subscription \S+\. (?:At least )?0 VMs have a seat there\. /m,
    ...{ change: /deleted +yes$/m, kind: 'override' },
  },
  {
    command: 'claims revoke',
    prepare: async (n) => {
      const created = await request('POST /claims', { licence: await grant(n), uses: 3 });
      return [(created['claim'] as { id: string }).id];
    },
    effect: /^Revokes the claim code [0-9a-f]{32} of the licence stopped-\d+, which has 3 of 3 uses left\. /m,
    ...{ change: /deleted +yes$/m, kind: 'claim' },
  },
  {
    command: 'activations block',
    prepare: async (n) => [uuid(n), '--licence', await grant(n)],
    effect: /^Blocks the VM \S+ under stopped-\d+\. The VM learns this at its next renewal, and stops\.$/m,
    ...{ change: /blocked +- → true$|blocked +false → true$/m, kind: 'block' },
  },
  {
    command: 'activations release',
    prepare: async () => {
      await bootVm('licensed');
      return ['11111111-0000-4000-8000-000000000001'];
    },
    effect: /^Frees the seat of the VM \S+ under http-standard\. The licence .* lives until/m,
    ...{ change: /seat +\d+ → -$/m, kind: 'activation' },
  },
  {
    command: 'trust remove',
    prepare: async (n) => {
      const { root } = await createAuthority({ names: { root: `Root ${n}` }, keys: runKeys(`stopping-${n}`) });
      const body = { cloud: 'emulator', certificate: writePem(root.der), newAnchor: true, note: '' };
      const { sha256 } = await request('POST /trust/pins', body);
      return [String(sha256), '--cloud', 'emulator'];
    },
    effect:
      /^Removes the pin [0-9a-f]{64} of emulator\. It is of Root \d+\. Every accepted cloud keeps .* Licences issued under it since 20\S+Z, renewals included: 0\.$/m,
    ...{ change: /deleted +yes$[^]*licences issued in a day +0$/m, kind: 'pin' },
  },
  {
    command: 'trust distrust',
    prepare: (n) => Promise.resolve([digestOf(n)]),
    effect:
      /^Distrusts [0-9a-f]{64}\. No pinned CA has this digest or key\. Every accepted cloud keeps .* How many licences were issued under it is not known\.$/m,
    ...{ change: /sha256 +- → [0-9a-f]{64}$/m, kind: 'distrust' },
  },
  {
    command: 'privacy erase',
    prepare: async (n) => {
      await grant(n);
      return ['--subscription', uuid(n), '--cloud', 'emulator'];
    },
    effect: /^Erases 0 activations of the subscription \S+, .* This cannot be undone\.$/m,
    ...{ change: /^Nothing was erased\. Would stay:$/m, kind: 'privacy' },
  },
];

const IN_CLOUD = ['--filter', 'cloud=emulator'];

/** They show, or give something, or bring it back. */
const HARMLESS = [
  ...['activate', 'activations list', 'activations show', 'activations seats', 'activations unblock'],
  ...['activations release-key', 'changes list', 'claims create', 'claims list', 'decisions explain', 'decisions list'],
  ...['decisions show', 'decisions stats', 'decisions tail', 'decisions timeline', 'keys status', 'keys upload'],
  ...['licences export', 'licences grant', 'licences list', 'licences show', 'offers list', 'offers override show'],
  ...['offers resume', 'offers show', 'pools history', 'pools list', 'privacy export', 'search', 'status', 'trust add'],
  ...['trust issuers', 'trust status', 'trust undistrust', 'usage export'],
];

test('every command that asks a service stops somebody, or is said not to', async () => {
  const named = [...HARMLESS, ...new Set(STOPPING.map(({ command }) => command))];
  expect(named.toSorted()).toEqual((await listServiceCommands()).toSorted());
});

/** All that operators changed, and what offers and licences are. */
async function look() {
  const { body: catalogue } = await operate(stack(), 'GET /catalogue');
  return { catalogue, changes: await json('changes', 'list', '--limit', '1000') };
}

/** No number is used twice. */
let last = 0;

test.each(STOPPING.map((row) => [row.command, row] as const))(
  '%s tells its effect, asks, can be tried, and keeps its reason',
  async (command, { prepare, effect, change, kind }) => {
    const args = [...command.split(' '), ...(await prepare((last += 1)))];
    const before = await look();
    // Without a terminal.
    const unasked = await run(args);
    expect([unasked.code, unasked.out]).toEqual([1, '']);
    expect(unasked.complaints).toMatch(effect);
    expect(unasked.complaints).toMatch(/Repeat it with --yes/);
    // On a terminal.
    const questions: string[] = [];
    const refused = await run(args, (question) => {
      questions.push(question);
      return Promise.resolve('n');
    });
    expect([refused.code, refused.out, questions]).toEqual([1, '', ['Go on? [y/N] ']]);
    expect(refused.complaints).toMatch(effect);
    expect(refused.complaints).toMatch(/Nothing was changed\.$/m);
    // Tried.
    const tried = await run([...args, '--dry-run']);
    expect(tried.code, tried.complaints).toBe(0);
    expect(tried.complaints).toMatch(effect);
    expect(tried.out).toMatch(change);
    expect(await json(...args, '--dry-run')).toMatchObject({ dryRun: true });
    expect(await look()).toEqual(before);
    // Done.
    const reason = `because of ${last}`;
    const done = await run([...args, '--yes', '--reason', reason]);
    expect(done.code, done.complaints).toBe(0);
    expect(done.complaints).toMatch(effect);
    const changes = (await json('changes', 'list', '--limit', '5')) as readonly { readonly reason: string | null }[];
    expect(changes.filter((one) => one.reason === reason)).toMatchObject([{ kind, state: 'done' }]);
  },
);

test.each([
  ['licences', 'suspend', 'ID'],
  ['licences', 'suspend', '--filter', 'query=ID'],
])('%s %s %s: what somebody else changed meanwhile is told, and nothing is written', async (...words) => {
  const id = await grant((last += 1));
  const { code, complaints } = await run(
    words.map((word) => word.replace('ID', id)),
    async () => {
      expect((await run(['licences', 'set', id, '--note', 'somebody else'])).code).toBe(0);
      return 'y';
    },
  );
  expect(code).toBe(2);
  expect(complaints).toMatch(/changed_meanwhile: .*Nothing was changed\. Repeat the command$/m);
  expect(await json('licences', 'show', id)).toMatchObject({ licence: { status: 'active', note: 'somebody else' } });
});

test('the effect counts the VMs that have a seat, of licences, offers and overrides', async () => {
  await bootVm('licensed');
  const offer = 'contoso/sold/pro';
  await request(`PUT /offers/${offer}`, { offer, mode: 'marketplace', seats: 20, clouds: ['emulator'] });
  await bootVm('sold-a-1');
  const subscription = ['--subscription', 'aaaaaaaa-0000-4000-8000-000000000031', '--cloud', 'emulator'];
  const told = async (...args: string[]) => (await run(args)).complaints;
  expect(await told('licences', 'suspend', 'http-standard')).toMatch(/\. 1 VM has a seat under it\. /);
  expect(await told('offers', 'suspend', offer)).toMatch(/\. 1 VM has a seat under it\. /);
  expect(await told('offers', 'override', 'set', offer, ...subscription, '--seats', '5')).toMatch(
    / 1 VM has a seat there\. /,
  );
  expect((await run(['offers', 'override', 'set', offer, ...subscription, '--seats', '30'])).code).toBe(0);
  expect(await told('offers', 'override', 'remove', offer, ...subscription)).toMatch(/ 1 VM has a seat there\. /);
});

test('a licence that is granted can be tried, and the reason is kept', async () => {
  last += 1;
  const terms = [
    '--subscription',
    uuid(last),
    '--cloud',
    'emulator',
    '--offer',
    'contoso/gateway/standard',
    '--seats',
    '2',
  ];
  const args = ['licences', 'grant', `tried-${last}`, ...terms];
  const before = await look();
  const tried = await run([...args, '--dry-run']);
  expect([tried.code, tried.complaints]).toEqual([0, '']);
  expect(tried.out).toMatch(/^Nothing was written\. Would be:\n[^]*seats +- → 2$/m);
  expect(await look()).toEqual(before);
  expect((await run([...args, '--reason', 'ordered'])).code).toBe(0);
  expect(await json('changes', 'list', '--kind', 'licence', '--key', `tried-${last}`)).toMatchObject([
    { old: null, reason: 'ordered' },
  ]);
});

test.each([
  [['offers', 'suspend'], ['offers', 'resume'], sell],
  [['trust', 'distrust'], ['trust', 'undistrust'], (n: number) => Promise.resolve(digestOf(n))],
])('the opposite of %j keeps a reason too, and does not ask', async (stop, undo, make) => {
  const name = await make((last += 1));
  expect((await run([...stop, name, '--yes'])).code).toBe(0);
  const reason = `undone ${last}`;
  const undone = await run([...undo, name, '--reason', reason]);
  expect([undone.code, undone.complaints]).toEqual([0, '']);
  expect(await json('changes', 'list', '--limit', '1')).toMatchObject([{ reason }]);
});
