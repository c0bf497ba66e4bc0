import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import type { DecisionRecord } from '../../../../src/decisions/decisionRecord.ts';
import { createTablesStore } from '../../../../src/tables/createTablesStore.ts';
import { useStack } from '../../../operators/useStack.ts';
import { decision } from '../../../support/decisions.ts';
import { vmId } from '../../../support/licensing.ts';
import { spawnCli } from '../../cliProcess.ts';
import { recordIo } from '../../recordIo.ts';

/** Decisions as they come, from a real service; the clock and the waits are the test's. */

const stack = useStack();
const START = Math.floor(Date.now() / 1000) * 1000;
const SECOND = 1_000;

/** Stands before the service, and answers in its place as long as there are faults. */
const faults: (readonly [status: number, headers: Readonly<Record<string, string>>])[] = [];
const front = createServer((request, response) => {
  const fault = faults.shift();
  if (fault !== undefined) {
    response.writeHead(...fault).end(JSON.stringify({ code: 'rate_limited', detail: 'Too many requests.' }));
    return;
  }
  const { authorization = '' } = request.headers;
  void fetch(`${stack().serviceUrl}${request.url ?? ''}`, { headers: { authorization } })
    .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
    .catch(() => response.destroy());
});
beforeAll(() => new Promise<void>((done) => front.listen(0, '127.0.0.1', done)));
afterAll(() => void front.close());

function environment() {
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  return { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: stack().operatorTokens.Reader };
}

async function insert(...all: readonly DecisionRecord[]): Promise<readonly string[]> {
  const { connectionString, tablePrefix } = stack();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await Promise.all(all.map((one) => store.insertDecision(one)));
  return all.map(({ id }) => id);
}

/** Of one VM at so many milliseconds after the start. */
const of = (vm: number, ...times: readonly number[]) =>
  times.map((after) => decision({ at: START + after, vmId: vmId(vm), cloud: 'emulator' }));

type Step = () => unknown;

/** Runs it until all steps are done: each happens during one wait. Then it waits for ever. */
async function tail(args: readonly string[], steps: readonly Step[]) {
  const waits: number[] = [];
  const left = [...steps];
  const io = recordIo([], { env: environment() });
  const done = await new Promise<number | null>((settle, fail) => {
    const sleep = async (milliseconds: number) => {
      waits.push(milliseconds);
      const step = left.shift();
      if (step !== undefined) {
        await step();
        return;
      }
      settle(null);
      return new Promise<never>(() => undefined);
    };
    runCommandLine(['decisions', 'tail', ...args], { ...io, sleep }).then(settle, fail);
  });
  return { ...io.written, code: done, waits };
}

const idsOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);

test('shows the last ones and then what comes, the newest at the bottom, each once, over pages and though one is late', async () => {
  const earlier = await insert(...of(1, ...Array.from({ length: 12 }, (_, index) => index * SECOND)));
  const many = of(1, ...Array.from({ length: 450 }, (_, index) => 60_000 + index));
  const late = of(1, 30_000);
  const last = of(1, 90_000);
  const { out, complaints, waits } = await tail(
    ['--vm', vmId(1), '--json'],
    [() => insert(...many), () => undefined, () => insert(...late, ...last), () => undefined],
  );
  expect(idsOf(out)).toEqual([...earlier.slice(2), ...[...many, ...late, ...last].map(({ id }) => id)]);
  expect(complaints).toBe('');
  expect(waits).toEqual(Array.from({ length: 5 }, () => 5 * SECOND));
});

test('filters are those of the list, --from begins with all since then, and --limit 0 with none', async () => {
  await insert(...of(2, 0, 1, 2, 3), ...of(3, 1));
  const refused = decision({ at: START + 5, vmId: vmId(2), cloud: 'emulator', code: 'seats_exhausted' });
  const steps = [() => insert(refused)];
  const since = ['--vm', vmId(2), '--cloud', 'emulator', '--from', new Date(START + 1).toISOString(), '--json'];
  expect(idsOf((await tail(since, steps)).out)).toHaveLength(4);
  const coming = decision({ at: START + 6, vmId: vmId(2), cloud: 'emulator', code: 'seats_exhausted' });
  const none = await tail(['--code', 'seats_exhausted', '--limit', '0', '--json'], [() => insert(coming)]);
  expect(idsOf(none.out)).toEqual([coming.id]);
});

test('one table for people: its heading once, and no word of waiting on standard output', async () => {
  await insert(...of(4, 0));
  const { out, complaints } = await tail(['--vm', vmId(4)], [() => insert(...of(4, 1)), () => insert(...of(4, 2))]);
  expect(out).toMatch(/^TIME .*\n(?:20\S+Z +licence_issued .*\n){3}$/);
  expect(complaints).toBe('Waiting for decisions. Ctrl-C ends this.\n');
});

test('a busy service is waited for, as long as it says and a little more, and what came meanwhile is shown', async () => {
  const [first = ''] = await insert(...of(5, 0));
  const [second] = of(5, 1);
  faults.push([429, { 'Retry-After': '7' }], [503, { 'Retry-After': '20' }]);
  const { out, complaints, waits } = await tail(
    ['--vm', vmId(5), '--json', '--interval', '10'],
    [
      () => undefined,
      () => undefined,
      async () => {
        await insert(...(second === undefined ? [] : [second]));
        faults.push([502, {}]);
      },
      () => undefined,
    ],
  );
  expect(idsOf(out)).toEqual([first, second?.id]);
  const [busy, busier, usual, gone] = waits.map((wait) => wait / SECOND) as [number, number, number, number];
  expect(usual).toBe(10);
  for (const [wait, least] of [
    [busy, 10],
    [busier, 20],
    [gone, 10],
  ] as const) {
    expect(wait).toBeGreaterThanOrEqual(least);
    expect(wait).toBeLessThanOrEqual(least * 1.5);
  }
  expect(complaints.split('\n').map((line) => line.replace(/\d+ s\.$/, 'N s.'))).toEqual([
    ...Array.from({ length: 3 }, () => 'rate_limited: Too many requests. The next attempt is in N s.'),
    '',
  ]);
});

test('--until ends it, once nothing can be missing', async () => {
  await insert(...of(6, 0, 1));
  const io = recordIo([], { env: environment(), now: () => START + 1_000_000 });
  const until = new Date(START + 1).toISOString();
  expect(await runCommandLine(['decisions', 'tail', '--vm', vmId(6), '--until', until, '--json'], io)).toBe(0);
  expect(idsOf(io.written.out)).toHaveLength(1);
});

test('what waiting does not help against ends it', async () => {
  faults.push([502, {}]);
  const unreachable = await tail(['--json'], []);
  expect(unreachable.code).toBe(1);
  faults.push([403, {}]);
  expect((await tail([], [])).code).toBe(2);
});

test.each([
  [['--interval', '0'], 'from 1 to 3600'],
  [['--interval', '3601'], 'from 1 to 3600'],
  [['--limit', '-1'], 'from 0 on'],
  [['--from', 'soon'], 'RFC 3339'],
])('%j is wrong usage', async (args, told) => {
  const { code, complaints } = await tail(args, []);
  expect([code, complaints]).toEqual([1, expect.stringContaining(told)]);
});

test('Ctrl-C ends it quietly, and so does a reader that closes the pipe', async () => {
  await insert(...of(7, 0));
  const args = ['decisions', 'tail', '--vm', vmId(7), '--interval', '1', '--json'];
  const stopped = spawnCli(args, import.meta.dirname, { env: environment() });
  expect(JSON.parse(await stopped.firstLine())).toMatchObject({ vmId: vmId(7) });
  stopped.signal('SIGINT');
  expect(await stopped.ended).toMatchObject({ code: 0, stderr: '' });
  const unread = spawnCli(args, import.meta.dirname, { env: environment() });
  await unread.firstLine();
  unread.closeOutput();
  onTestFinished(() => {
    unread.signal('SIGTERM');
  });
  await insert(...of(7, 1));
  expect(await unread.ended).toMatchObject({ code: 0, stderr: '' });
});
