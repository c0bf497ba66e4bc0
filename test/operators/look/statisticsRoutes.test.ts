import { expect, onTestFinished, test, vi } from 'vitest';

import { readIssuer } from '../../../src/contract/attestation.ts';
import { createDecisionId } from '../../../src/decisions/decisionRecord.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { projectStatistics } from '../../../src/views/projectStatistics.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { createKey } from '../../endToEnd/protocolClient.ts';
import { decision } from '../../support/decisions.ts';
import { vmId } from '../../support/licensing.ts';
import { useScenes } from '../../support/serviceScene.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();
const createScene = useScenes();
const HOUR = 3_600_000;
/** An hour of which nothing else in this file speaks. */
const THEN = Date.UTC(2026, 0, 31, 12);

const get = async (query: string) => operate(stack(), `GET /statistics/decisions?${query}`, { as: 'Reader' });
const openStore = () => createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });

const RANGE = 'from=2026-01-31T00:00:00Z&until=2026-02-02T00:00:00Z';
const OFFER = 'contoso/firewall/pro';

async function fillLog(): Promise<void> {
  const store = openStore();
  const rows = [
    { at: THEN, vmId: vmId(1), code: 'licence_issued' },
    { at: THEN + 1, vmId: vmId(1), code: 'licence_issued' },
    { at: THEN + 2, vmId: vmId(2), code: 'seats_exhausted' },
    { at: THEN + HOUR, vmId: vmId(1), code: 'seats_exhausted', cloud: 'AzureChinaCloud' },
    { at: THEN + 24 * HOUR, vmId: vmId(1), code: 'plan_unknown', offer: null },
  ] as const;
  for (const row of rows) {
    // The same row again is none.
    const id = createDecisionId(row.at).slice(0, -12) + row.vmId.slice(-12);
    await store.insertDecision({ ...decision(row), id: `${id.slice(0, 14)}8000-8000-${id.slice(-12)}` });
  }
}

test('VMs are counted by code, offer and cloud, hour by hour and day by day', async () => {
  await fillLog();
  const byHour = await get(RANGE);
  expect(byHour.body).toMatchObject({ by: 'hour', from: '2026-01-31T00:00:00Z', until: '2026-02-02T00:00:00Z' });
  const at = (time: string) => `2026-01-31T${time}:00Z`;
  const items = [
    { at: at('12:00'), code: 'licence_issued', offer: OFFER, cloud: 'AzurePublicCloud', count: 1 },
    { at: at('12:00'), code: 'seats_exhausted', offer: OFFER, cloud: 'AzurePublicCloud', count: 1 },
    { at: at('13:00'), code: 'seats_exhausted', offer: OFFER, cloud: 'AzureChinaCloud', count: 1 },
    { at: '2026-02-01T12:00:00Z', code: 'plan_unknown', offer: '-', cloud: 'AzurePublicCloud', count: 1 },
  ];
  expect(byHour.body).toMatchObject({ items, issues: [], cloud: null, continuation: null });
  const byDay = await get(`${RANGE}&by=day&offer=${OFFER.toUpperCase()}&code=seats_exhausted`);
  expect(byDay.body['items']).toEqual([
    { ...items[2], at: at('00:00') },
    { ...items[1], at: at('00:00') },
  ]);
  const china = await get(`${RANGE}&cloud=AzureChinaCloud`);
  expect(china.body).toMatchObject({ items: [items[2]], cloud: 'AzureChinaCloud' });
  await projectStatistics({ store: openStore(), now: () => Date.now() + LAG });
  expect((await get(RANGE)).body['items']).toEqual(items);
});

test('statistics are paged by whole hours, and the pages together are the whole', async () => {
  await fillLog();
  const whole = (await get(RANGE)).body['items'];
  const items: unknown[] = [];
  let [pages, continuation] = [0, ''];
  do {
    const { body } = await get(`${RANGE}&limit=1${continuation}`);
    items.push(...(body['items'] as unknown[]));
    const next = body['continuation'] as string | null;
    continuation = next === null ? '' : `&continuation=${next}`;
    pages += 1;
  } while (continuation !== '');
  expect(pages).toBe(3);
  expect(items).toEqual(whole);
});

/** Holds what is to run in a minute, until the test runs it. */
function holdMinutes(): () => void {
  const runs: (() => void)[] = [];
  const start = globalThis.setTimeout;
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, delay?: number, ...rest: []) => {
    // Fetch hands its timers an argument.
    if (delay !== 60_000) return start(run, delay, ...rest);
    runs.push(run);
    return { unref: () => undefined };
  }) as typeof setTimeout);
  onTestFinished(() => {
    spy.mockRestore();
  });
  return () => {
    for (const run of runs.splice(0)) run();
  };
}

test('a boot is told at once, and its issue, like that of a renewal, within a minute', async () => {
  const passMinute = holdMinutes();
  const scene = await createScene();
  const key = createKey();
  for (let times = 0; times < 3; times += 1) expect((await scene.boot('licensed', { key })).status).toBe(200);
  const read = async () => (await scene.operate('GET /statistics/decisions?cloud=emulator')).body;
  expect(await read()).toMatchObject({
    items: [{ code: 'licence_issued', cloud: 'emulator', count: 1 }],
    issues: [],
    cloud: 'emulator',
  });
  passMinute();
  let issues: unknown;
  do issues = (await read())['issues'];
  while ((issues as unknown[]).length === 0);
  expect(issues).toMatchObject([{ cloud: 'emulator', count: 3 }]);
});

test('the CA is the second name of the path', () => {
  const path = { name: 'path', outcome: 'passed', detail: 'leaf < CA 01 < Root' } as const;
  expect(readIssuer([path])).toBe('CA 01');
  expect(readIssuer([])).toBeNull();
});

test.each([
  ['from=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z', 'from is later than until'],
  ['from=2026-01-01T00:00:00Z&until=2026-02-02T00:00:00Z', 'at most 31 days'],
  [`${RANGE}&by=month`, 'hour or day'],
  ['until=9999-12-31T23:59:59Z', 'years 0000 to 9999'],
  ['from=0000-01-01T00:00:00%2B01:00&until=0000-01-01T01:00:00Z', 'years 0000 to 9999'],
  ['until=0000-01-01T00:00:00Z', 'years 0000 to 9999'],
  [`${RANGE}&continuation=2026-02-01T00:30:00Z`, 'begin the list anew'],
])('%s is refused', async (query, detail) => {
  const answer = await get(query);
  expect([answer.status, answer.body['detail']]).toEqual([400, expect.stringContaining(detail)]);
});
