import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { ECHO_APP, entryFile, httpFunction, writeApp } from './appFolder.ts';
import { spawnHost } from './hostProcess.ts';

const SETTINGS = { FIXTURE_SCHEDULE: '0 0 3 * * *', AzureWebJobsStorage: 'some' };
const CREATE_REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** An app of one bundle with the library in it, as it is deployed. */
async function bundleEcho(file: string, type: string, options: BuildOptions): Promise<string> {
  const root = writeApp({
    'package.json': JSON.stringify({ name: 'bundle', type, main: file }),
    'host.json': readFileSync(join(ECHO_APP, 'host.json'), 'utf8'),
  });
  await build({
    entryPoints: [join(ECHO_APP, 'functions/echo.ts')],
    outfile: join(root, file),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    external: ['@azure/functions-core'],
    logLevel: 'silent',
    ...options,
  });
  return root;
}

test.each([
  ['TypeScript entry files', () => Promise.resolve(ECHO_APP)],
  ['a CJS bundle', () => bundleEcho('bundle.cjs', 'module', { format: 'cjs' })],
  ['a CJS bundle of a package that is no module', () => bundleEcho('bundle.js', 'commonjs', { format: 'cjs' })],
  ['an ESM bundle', () => bundleEcho('bundle.mjs', 'commonjs', { format: 'esm', banner: { js: CREATE_REQUIRE } })],
  [
    'an ESM bundle of a module',
    () => bundleEcho('bundle.js', 'module', { format: 'esm', banner: { js: CREATE_REQUIRE } }),
  ],
])('%s answer the same', async (_what, makeRoot) => {
  const host = spawnHost(['--port', '0', '--root', await makeRoot()], SETTINGS);
  const url = await host.url();
  const response = await fetch(`${url}/echo?x=1`, { method: 'POST', body: 'hello' });
  expect(await response.json()).toMatchObject({
    method: 'POST',
    url: `${url}/echo?x=1`,
    query: { x: '1' },
    body: 'hello',
  });
  expect((await fetch(`${url}/items/x1`)).status).toBe(404);
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(0);
  expect(host.output()).toEqual({ stdout: `${JSON.stringify({ url })}\n`, stderr: '' });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s lets a running request end and closes the app in order',
  async (signal) => {
    const entry = entryFile(
      `let end; const ended = new Promise((resolve) => { end = resolve; });`,
      `app.get('slow', async () => { console.log('slow began'); await ended; return { body: 'slow ended' }; });`,
      // After all listeners of the signal.
      `process.once('${signal}', () => setImmediate(end));`,
      `app.hook.appTerminate(() => { console.log('terminated'); });`,
    );
    const host = spawnHost(['--port', '0', '--root', writeApp({ 'functions/a.mjs': entry })]);
    const answer = fetch(`${await host.url()}/slow`);
    await host.says('slow began\n');
    host.process.kill(signal);
    expect(await (await answer).text()).toBe('slow ended');
    expect(await host.ended).toBe(0);
    expect(host.output().stderr).toBe('slow began\nterminated\n');
  },
);

test('a second signal ends it at once', async () => {
  const entry = entryFile(
    httpFunction('a', ''),
    `app.hook.appTerminate(() => { console.log('ending'); return new Promise(() => setInterval(() => {}, 1000)); });`,
  );
  const host = spawnHost(['--port', '0', '--root', writeApp({ 'functions/a.mjs': entry })]);
  await host.url();
  host.process.kill('SIGTERM');
  await host.says('ending\n');
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(1);
});

test('with --parent-stdin it ends when its parent’s end of the pipe is gone', async () => {
  const host = spawnHost(['--port', '0', '--root', ECHO_APP, '--parent-stdin'], SETTINGS);
  await host.url();
  host.process.stdin?.end();
  expect(await host.ended).toBe(0);
});

test('without --parent-stdin the end of standard input means nothing', async () => {
  const host = spawnHost(['--port', '0', '--root', ECHO_APP], SETTINGS);
  host.process.stdin?.end();
  const url = await host.url();
  expect((await fetch(`${url}/nothing`)).status).toBe(204);
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(0);
});

test('entry files can be named, more than one', async () => {
  const entry = (name: string) => entryFile(httpFunction(name, ''));
  const root = writeApp({ 'a.mjs': entry('a'), 'b.mjs': entry('b'), 'functions/c.mjs': entry('c') });
  const host = spawnHost(['--port', '0', '--root', root, '--entry', 'a.mjs', '--entry', join(root, 'b.mjs')]);
  const url = await host.url();
  const statuses = await Promise.all(['a', 'b', 'c'].map(async (name) => (await fetch(`${url}/${name}`)).status));
  expect(statuses).toEqual([200, 200, 404]);
  host.process.kill('SIGTERM');
  expect(await host.ended).toBe(0);
});

test('an app that asks for HTTP streaming does not start', async () => {
  const entry = entryFile(`app.setup({ enableHttpStream: true });`, httpFunction('a', ''));
  const host = spawnHost(['--port', '0', '--root', writeApp({ 'functions/a.mjs': entry })]);
  expect(await host.ended).toBe(1);
  expect(host.output().stderr).toContain('The app asks for HTTP streaming, which this host does not have.');
});

test('a port that is taken ends it with 1, naming the port and the flag', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const host = spawnHost(['--port', String(port), '--root', ECHO_APP], SETTINGS);
  expect(await host.ended).toBe(1);
  expect(host.output()).toEqual({
    stdout: '',
    stderr: `Port ${port} of 127.0.0.1 is taken. Stop what uses it, or choose another with --port.\n`,
  });
  server.close();
});

test('an app that cannot start ends it with 1 and every problem', async () => {
  const root = writeApp({ 'functions/a.mjs': entryFile(httpFunction('a', `route: 'admin'`)) });
  const host = spawnHost(['--port', '0', '--root', root]);
  expect(await host.ended).toBe(1);
  expect(host.output().stderr).toMatch(
    /^The Functions host cannot start:\n- Function "a": Its route "admin" starts with/,
  );
});

test.each([
  ['no port', [], '--port must be a number'],
  ['a port that is none', ['--port', '65536'], '--port must be a number'],
  ['an option that is none', ['--port', '0', '--prot', '1'], "Unknown option '--prot'"],
])('%s ends it with 2 and the usage', async (_what, args, message) => {
  const host = spawnHost(args);
  expect(await host.ended).toBe(2);
  expect(host.output().stderr).toContain(message);
  expect(host.output().stderr).toContain('Usage: node src/dev/functionsHost/main.ts --port N');
});
