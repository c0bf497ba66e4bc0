import { expect, test } from 'vitest';

import { dayOf, dayStart } from '../../../src/contract/dayHours.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import type { SeatWrite } from '../../../src/seats/store.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const STRANGER = 'aaaaaaaa-0000-4000-8000-000000000009';
const DAY = 24 * 60 * 60 * 1000;
const OFFER = 'contoso/gateway/standard';
/** A day of which nothing else in this file speaks. */
const THEN = dayOf(Date.UTC(2026, 0, 31));

function hours(vm: number, day: number, bits: number, subscriptionId = SUBSCRIPTION): SeatWrite {
  const vmId = `33333333-0000-4000-8000-00000000000${vm}`;
  const of = { cloud: 'emulator', subscriptionId, licenceId: 'HTTP-Standard', offer: OFFER };
  return { row: 'usage', vmId, ...of, day, hours: bits };
}

async function fillLedger(): Promise<void> {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await store.writeSeats({ kind: 'licence', id: 'http-standard' }, [
    hours(1, THEN, 0b111),
    hours(2, THEN, 0b001),
    hours(3, THEN, 0b011, STRANGER),
    hours(1, THEN + 1, 0b1),
  ]);
}

const RANGE = 'from=2026-01-31&to=2026-02-02';
const get = (query: string) => operate(stack(), `GET /usage?${query}`, { as: 'Reader' });

test('the usage of a licence is told by day and by month', async () => {
  await fillLedger();
  const row = { licence: 'HTTP-Standard', offer: OFFER };
  const byDay = await get(`${RANGE}&licence=http-standard`);
  expect(byDay.body).toEqual({
    items: [
      { period: '2026-01-31', ...row, vmHours: 6, mostAtOnce: 3 },
      { period: '2026-02-01', ...row, vmHours: 1, mostAtOnce: 1 },
    ],
    continuation: null,
    cloud: null,
  });
  const byMonth = await get(`${RANGE}&by=month&offer=${OFFER.toUpperCase()}`);
  expect((byMonth.body['items'] as { period: string }[]).map(({ period }) => period)).toEqual(['2026-01', '2026-02']);
});

test('one subscription is told alone, and says which', async () => {
  await fillLedger();
  const { body } = await get(`${RANGE}&cloud=emulator&subscription=${STRANGER}`);
  expect(body['items']).toEqual([
    {
      ...{ period: '2026-01-31', licence: 'HTTP-Standard', offer: OFFER, cloud: 'emulator', subscription: STRANGER },
      ...{ vmHours: 2, mostAtOnce: 1 },
    },
  ]);
});

test('usage is paged, and the pages together are the whole', async () => {
  await fillLedger();
  const whole = (await get(RANGE)).body['items'];
  const first = await get(`${RANGE}&limit=1`);
  const rest = await get(`${RANGE}&limit=1000&continuation=${String(first.body['continuation'])}`);
  expect(first.body['items']).toHaveLength(1);
  expect([...(first.body['items'] as object[]), ...(rest.body['items'] as object[])]).toEqual(whole);
});

test('the same as a file', async () => {
  await fillLedger();
  const { text, headers } = await operate(stack(), `GET /exports/usage?${RANGE}&licence=http-standard`);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(text.split('\r\n')).toEqual([
    'period,licence,offer,cloud,subscription,vmHours,mostAtOnce',
    '2026-01-31,HTTP-Standard,contoso/gateway/standard,,,6,3',
    '2026-02-01,HTTP-Standard,contoso/gateway/standard,,,1,1',
    '',
  ]);
});

test('a VM that boots counts at once, and no hour that is still to come does', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const before = Date.now();
  const booted = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'small-1', key: createKey() });
  expect(booted.status).toBe(200);
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const range = `from=${day(before)}&to=${day(Date.now() + 2 * DAY)}`;
  const { body } = await get(`${range}&licence=http-small`);
  const items = body['items'] as { vmHours: number; mostAtOnce: number }[];
  // The hour may have ended meanwhile.
  expect(items.reduce((sum, { vmHours }) => sum + vmHours, 0)).toBeLessThanOrEqual(2);
  expect(items[0]?.mostAtOnce).toBe(1);
});

test.each([
  ['to=2026-02-01', 'from'],
  ['from=2026-02-01&to=2026-02-01', 'to must be later than from'],
  ['from=2026-02-30&to=2026-03-01', 'from'],
  ['from=2025-01-01&to=2026-02-06', 'more than 400 days'],
  [`${RANGE}&subscription=${SUBSCRIPTION}`, 'go together'],
  [`${RANGE}&by=week`, 'by must be day or month'],
  [`${RANGE}&continuation=x`, 'begin the list anew'],
])('%s is refused, and the answer says what to do', async (query, detail) => {
  const { status, body } = await get(query);
  expect([status, body['code']]).toEqual([400, 'request_malformed']);
  expect(body['detail']).toContain(detail);
});

test('400 days can be asked for', async () => {
  const from = dayStart(THEN) - 400 * DAY;
  const { status } = await get(`from=${new Date(from).toISOString()}&to=2026-01-31T01:00:00%2B01:00`);
  expect(status).toBe(200);
});

test('a licence that nobody ever had is not found, and one without usage has none', async () => {
  const unknown = await get(`${RANGE}&licence=nobody`);
  expect([unknown.status, unknown.body['code']]).toEqual([404, 'not_found']);
  expect((await get(`${RANGE}&licence=http-development`)).body).toEqual({ items: [], continuation: null, cloud: null });
});
