import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { createFunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import type { FunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import { ECHO_APP, entryFile, writeApp } from './appFolder.ts';
import { recordLog } from './logRecord.ts';

const NOON = new Date('2026-11-23T12:00:00.250Z');
const STORAGE = { AzureWebJobsStorage: 'some' };

function createEchoHost(schedule: string, extra: Readonly<Record<string, string>> = {}) {
  const { log, lines } = recordLog();
  const env = { ...STORAGE, ...extra, FIXTURE_SCHEDULE: schedule };
  return { host: createFunctionsHost({ root: ECHO_APP, env, log, now: () => NOON }), lines };
}

/** An event of this process, in which the app runs. */
const RAN = 'the test’s timer has run';

/** An app whose one timer appends to a file, and says so. */
function writeTimerApp(options: string): { readonly root: string; readonly runs: () => number } {
  const root = writeApp({
    runs: '',
    'functions/a.mjs': [
      `import { appendFileSync } from 'node:fs';`,
      entryFile(
        `app.timer('t', { handler: () => { appendFileSync(new URL('../runs', import.meta.url), '.'); process.emit('${RAN}'); }, ${options} });`,
      ),
    ].join('\n'),
  });
  return { root, runs: () => readFileSync(join(root, 'runs'), 'utf8').length };
}

async function withListening(host: FunctionsHost, run: (url: string) => Promise<void>): Promise<void> {
  await host.start();
  const listening = await host.listen(0);
  try {
    await run(listening.url);
  } finally {
    await listening.close();
  }
}

test('a timer that is fired gets the library’s Timer object', async () => {
  const { host } = createEchoHost('0 */15 8-18 * * mon-fri');
  await withListening(host, async (url) => {
    await host.fireTimer('tick');
    await host.fireTimer('Tick');
    const never = '0001-01-01T00:00:00.000Z';
    const at = NOON.toISOString();
    const next = '2026-11-23T12:15:00.000Z';
    expect(await (await fetch(`${url}/ticks`)).json()).toEqual([
      { schedule: { adjustForDST: true }, scheduleStatus: { last: never, next, lastUpdated: never }, isPastDue: false },
      { schedule: { adjustForDST: true }, scheduleStatus: { last: at, next, lastUpdated: at }, isPastDue: false },
    ]);
  });
});

test('what a timer’s handler throws reaches whoever fired it, and the log', async () => {
  const { host, lines } = createEchoHost('0 0 3 * * *');
  await host.start();
  await expect(host.fireTimer('failing')).rejects.toThrow('no time');
  await expect(host.fireTimer('echo')).rejects.toThrow('There is no timer named "echo".');
  expect(lines).toEqual([expect.stringMatching(/^error Function\.failing: The function failed: Error: no time/)]);
  await host.stop();
});

test('a timer runs at its times while the host listens, and not after', async () => {
  const { root, runs } = writeTimerApp(`schedule: '* * * * * *'`);
  const ran = () => once(process, RAN);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  await withListening(createFunctionsHost({ root, env: STORAGE }), async () => {
    for (const expected of [1, 2]) {
      const next = ran();
      // The wait for the next run begins when the one before has ended, which takes some turns.
      while (runs() < expected) await vi.advanceTimersByTimeAsync(1_000);
      await next;
    }
  });
  const ended = runs();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(runs()).toBe(ended);
});

test('a timer with runOnStartup runs when the host listens', async () => {
  const { root, runs } = writeTimerApp(`schedule: '0 0 0 1 1 *', runOnStartup: true`);
  const host = createFunctionsHost({ root, env: STORAGE });
  const ran = once(process, RAN);
  await withListening(host, async () => {
    await ran;
    expect(runs()).toBe(1);
  });
});

test('POST /admin/functions/{name} runs a timer and answers at once, as the platform does', async () => {
  const { host } = createEchoHost('0 0 3 * * *');
  await withListening(host, async (url) => {
    const run = async (name: string, type: string, method = 'POST') => {
      const init = { method, headers: { 'Content-Type': type }, ...(method === 'POST' && { body: '{}' }) };
      return (await fetch(`${url}/admin/functions/${name}`, init)).status;
    };
    expect(await run('tick', 'application/json')).toBe(202);
    await expect.poll(async () => ((await (await fetch(`${url}/ticks`)).json()) as unknown[]).length).toBe(1);
    expect(await run('failing', 'application/json')).toBe(202);
    expect(await run('tick', 'text/plain')).toBe(415);
    expect(await run('echo', 'application/json')).toBe(404);
    expect(await run('tick', 'application/json', 'GET')).toBe(404);
  });
});

test('a host that others can reach does not run timers on request', async () => {
  const { host } = createEchoHost('0 0 3 * * *');
  await host.start();
  const listening = await host.listen(0, '0.0.0.0');
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${listening.url}/admin/functions/tick`, { method: 'POST', body: '{}', headers });
  expect(response.status).toBe(404);
  await listening.close();
});

test('closing runs the appTerminate hooks once', async () => {
  const file = join(writeApp({}), 'life');
  const { host } = createEchoHost('0 0 3 * * *', { FIXTURE_LIFE_FILE: file });
  await withListening(host, () => Promise.resolve());
  await host.stop();
  expect(readFileSync(file, 'utf8')).toBe('appTerminate loaded appStart\n');
});

test('a function that a setting disables is not there', async () => {
  const { host } = createEchoHost('0 0 3 * * *', { 'AzureWebJobs.tick.Disabled': 'true' });
  await withListening(host, async () => {
    expect(host.functions.map(({ name }) => name)).not.toContain('tick');
    await expect(host.fireTimer('tick')).rejects.toThrow('There is no timer named "tick"');
  });
});
