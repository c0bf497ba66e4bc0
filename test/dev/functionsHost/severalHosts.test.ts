import { expect, test } from 'vitest';

import { createFunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import { ECHO_APP, entryFile, httpFunction, writeApp } from './appFolder.ts';

const SETTINGS = { FIXTURE_SCHEDULE: '0 0 3 * * *', AzureWebJobsStorage: 'some' };

test('several hosts in one process have their own functions, also of the same entry files', async () => {
  const other = writeApp({ 'functions/other.mjs': entryFile(httpFunction('other', '')) });
  const hosts = [ECHO_APP, other, ECHO_APP].map((root) => createFunctionsHost({ root, env: SETTINGS }));
  await Promise.all(hosts.map((host) => host.start()));
  const listening = await Promise.all(hosts.map((host) => host.listen(0)));
  const status = async (index: number, path: string) => (await fetch(`${listening[index]?.url ?? ''}${path}`)).status;
  expect([await status(0, '/nothing'), await status(0, '/other')]).toEqual([204, 404]);
  expect([await status(1, '/nothing'), await status(1, '/other')]).toEqual([404, 200]);
  await hosts[2]?.fireTimer('tick');
  const ticks = async (index: number): Promise<unknown> => (await fetch(`${listening[index]?.url ?? ''}/ticks`)).json();
  expect(await ticks(0)).toEqual([]);
  expect(await ticks(2)).toHaveLength(1);
  await Promise.all(listening.map((one) => one.close()));
});

test('settings are held while a host lives, and given back after', async () => {
  process.env['FIXTURE_SETTING'] = 'before';
  const env = { ...SETTINGS, FIXTURE_SETTING: 'one' };
  const one = createFunctionsHost({ root: ECHO_APP, env });
  const same = createFunctionsHost({ root: ECHO_APP, env });
  await one.start();
  await same.start();
  await one.stop();
  expect(process.env['FIXTURE_SETTING']).toBe('one');
  await same.stop();
  expect(process.env['FIXTURE_SETTING']).toBe('before');
  expect(process.env['FIXTURE_SCHEDULE']).toBeUndefined();
});

test('two hosts that need different values of a setting cannot share a process', async () => {
  const one = createFunctionsHost({ root: ECHO_APP, env: SETTINGS });
  await one.start();
  const other = createFunctionsHost({ root: ECHO_APP, env: { ...SETTINGS, FIXTURE_SCHEDULE: '0 0 4 * * *' } });
  await expect(other.start()).rejects.toThrow('Another host of this process has other values for FIXTURE_SCHEDULE');
  await one.stop();
});

test('a start that fails gives the settings back and lets the next one start', async () => {
  const broken = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': 'throw new Error()' }), env: SETTINGS });
  await expect(broken.start()).rejects.toThrow('cannot be loaded');
  expect(process.env['FIXTURE_SCHEDULE']).toBeUndefined();
  const working = createFunctionsHost({ root: ECHO_APP, env: SETTINGS });
  await working.start();
  await working.stop();
});

test('a port that is taken is an error with its code', async () => {
  const one = createFunctionsHost({ root: ECHO_APP, env: SETTINGS });
  await one.start();
  const listening = await one.listen(0);
  await expect(one.listen(Number(new URL(listening.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await listening.close();
});
