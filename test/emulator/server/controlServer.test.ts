import { request as httpRequest } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { startControlServer } from '../../../src/emulator/server/controlServer.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { AT, get, getJson, PassingTimer, sharedAuthority } from '../running.ts';

const INSTANCE = '/metadata/instance?api-version=2021-02-01';
const EVENTS = '/metadata/scheduledevents?api-version=2020-07-01';
const OUTAGE = { steps: [{ for: '60s', answer: 410 }] };

async function start() {
  const timer = new PassingTimer();
  const authority = await sharedAuthority();
  const emulator = await startEmulator({ port: 0, authority, clock: () => AT, rateLimit: Infinity, timer });
  const control = await startControlServer(emulator, 0);
  onTestFinished(async () => {
    await Promise.all([control.close(), emulator.close()]);
  });
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = HEADERS) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const answer = await fetch(control.url + path, { method, headers, ...sent });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as object };
  };
  const status = async () => (await get(emulator, INSTANCE)).status;
  return { emulator, control, ask, status, timer };
}

const HEADERS = { 'Countersign-Control': 'true' };

test('a scenario is set, seen, survived and cleared without a restart', async () => {
  const { emulator, ask, status, timer } = await start();
  expect(await ask('GET', '/status')).toMatchObject({ status: 200, body: { url: emulator.url, scenario: null } });
  expect(await status()).toBe(200);
  const set = await ask('PUT', '/scenario', OUTAGE);
  expect(set).toMatchObject({ status: 200, body: { scenario: { ...OUTAGE, step: 0, millisecondsLeft: 60_000 } } });
  expect(await status()).toBe(410);
  timer.pass(60_000);
  expect(await status()).toBe(200);
  expect(await ask('GET', '/scenario')).toMatchObject({ body: { scenario: { step: null } } });
  await ask('PUT', '/scenario', { steps: [{ requests: 9, answer: 'forbidden' }] });
  expect(await status()).toBe(403);
  expect(await ask('DELETE', '/scenario')).toMatchObject({ status: 200, body: { scenario: null } });
  expect(await status()).toBe(200);
});

test('a scenario that is wrong is refused, and the one before it stays', async () => {
  const { ask, status } = await start();
  await ask('PUT', '/scenario', OUTAGE);
  for (const [body, problem] of [
    ['{', 'cannot be read as JSON'],
    [{ steps: [{ for: '1s', answer: 'no' }] }, 'steps.0.answer: one of well'],
    [{ steps: [{ for: '1s', vm: 'nobody', answer: 410 }] }, 'There is no VM nobody'],
  ] as const) {
    const { status: code, body: told } = await ask('PUT', '/scenario', body);
    expect([code, (told as { error: string }).error]).toEqual([400, expect.stringContaining(problem)]);
  }
  expect(await status()).toBe(410);
});

test('events of a VM are put and taken; clients see each change once', async () => {
  const { emulator, ask } = await start();
  const path = '/events?vm=fleet-3';
  const events = [{ EventId: 'e1', EventType: 'Reboot', NotBefore: 'Sat, 28 Nov 2026 18:29:47 GMT' }];
  for (const times of [1, 2]) expect((await ask('PUT', path, { events })).status, `put ${times}`).toBe(200);
  expect(await getJson(emulator, `/vms/fleet-3${EVENTS}`)).toMatchObject({ DocumentIncarnation: 2, Events: events });
  expect(await ask('GET', path)).toMatchObject({ body: { events } });
  expect(await ask('DELETE', path)).toMatchObject({ body: { events: [] } });
  expect(await getJson(emulator, `/vms/fleet-3${EVENTS}`)).toEqual({ DocumentIncarnation: 3, Events: [] });
  expect((await ask('PUT', path, { events: [{ EventId: 'e1', EventType: 'x' }] })).status).toBe(400);
  expect((await ask('GET', '/events?vm=nobody')).status).toBe(404);
  expect(await ask('GET', '/events')).toMatchObject({ body: { events: [] } });
});

test('web pages cannot use it: a header that they cannot send, no CORS, no other name in Host', async () => {
  const { ask, control } = await start();
  expect((await ask('PUT', '/scenario', OUTAGE, {})).status).toBe(403);
  const preflight = await ask('OPTIONS', '/scenario', undefined, { ...HEADERS, Origin: 'https://page.example' });
  expect([preflight.status, preflight.headers.get('allow')]).toEqual([405, 'GET, PUT, DELETE']);
  expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  const statusFor = (host: string) =>
    new Promise((settle) => {
      const { port } = new URL(control.url);
      httpRequest({ port, path: '/status', headers: { ...HEADERS, host } }, ({ statusCode }) => {
        settle(statusCode);
      }).end();
    });
  expect(await statusFor('page.example')).toBe(403);
  expect(await statusFor('127.0.0.1.page.example')).toBe(403);
  for (const host of ['localhost', '127.0.0.1:1', '[::1]:80']) expect(await statusFor(host)).toBe(200);
});

test.each([
  ['GET', '/', 404],
  ['POST', '/status', 405],
  ['PUT', '/toString', 404],
])('%s %s is %i', async (method, path, status) => {
  const { ask } = await start();
  expect((await ask(method, path)).status).toBe(status);
});
