import { expect, test } from 'vitest';

import { createFunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import { HostStartError } from '../../../src/dev/functionsHost/hostError.ts';
import { entryFile, httpFunction, writeApp } from './appFolder.ts';
import { recordLog } from './logRecord.ts';

/** Starts an app that must not start. @returns the problems */
async function startProblems(files: Readonly<Record<string, string>>, entries?: string[]): Promise<readonly string[]> {
  const host = createFunctionsHost({ root: writeApp(files), ...(entries !== undefined && { entries }) });
  const error: unknown = await host.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HostStartError);
  return error instanceof HostStartError ? error.problems : [];
}

const ONE_FUNCTION = { 'functions/one.mjs': entryFile(httpFunction('one', `route: 'one'`)) };

test.each([
  ['name', httpFunction('1st', `route: 'a'`), 'Function "1st": Its name must be a letter'],
  ['name', httpFunction('host', `route: 'a'`), 'Function "host": Its name must be a letter'],
  ['name', httpFunction('a'.repeat(129), `route: 'a'`), 'Its name must be a letter'],
  ['route', httpFunction('a', `route: '/Admin/users'`), 'Its route "Admin/users" starts with "admin" or "runtime"'],
  ['route', httpFunction('a', `route: 'administration'`), 'starts with "admin" or "runtime"'],
  ['route', httpFunction('a', `route: 'runtime'`), 'starts with "admin" or "runtime"'],
  ['name for a route', httpFunction('adminUsers', ''), 'Its route "adminUsers" starts with "admin" or "runtime"'],
  ['route', httpFunction('a', `route: 'a//b'`), 'It has an empty segment'],
  ['route', httpFunction('a', `route: 'a/x{b}'`), 'Its segment "x{b}" is not known here'],
  ['route', httpFunction('a', `route: '{b:even}'`), 'Its constraint "even" is not known here; known are int'],
  ['route', httpFunction('a', `route: '{*b}/c'`), 'Its parameter "b" must be the last segment'],
  ['route', httpFunction('a', `route: '{b?}/c'`), 'Its parameter "b" must be the last segment'],
  ['route', httpFunction('a', `route: '{b}/{B}'`), 'Its parameter "B" is there twice'],
  ['method', httpFunction('a', `methods: ['TRACE']`), 'Its methods must be of GET, HEAD'],
  ['method', httpFunction('a', `methods: 'GET'`), 'Its methods must be of GET, HEAD'],
  ['level', httpFunction('a', `authLevel: 'function'`), 'Its authLevel must be "anonymous"'],
  ['level', httpFunction('a', `authLevel: 'admin'`), 'Its authLevel must be "anonymous"'],
  [
    'schedule',
    `app.timer('t', { schedule: '* * *', handler: () => {} });`,
    'Function "t": Its schedule is not valid. "* * *" is not an NCRONTAB',
  ],
  ['schedule', `app.timer('t', { schedule: '00:05:00', handler: () => {} });`, 'is not an NCRONTAB expression'],
  [
    'schedule',
    `app.timer('t', { schedule: '%UNSET_SCHEDULE%', handler: () => {} });`,
    'Its schedule must be an NCRONTAB',
  ],
  [
    'trigger',
    `app.storageQueue('q', { queueName: 'q', connection: 'c', handler: () => {} });`,
    'This host has no queueTrigger',
  ],
])('a wrong %s is refused: %s', async (_what, registration, problem) => {
  expect(await startProblems({ 'functions/a.mjs': entryFile(registration) })).toEqual([
    expect.stringContaining(problem),
  ]);
});

test.each([
  ['the same route', `route: 'x/{a}', methods: ['GET']`, `route: '/X/{b}/', methods: ['POST', 'GET']`],
  ['every method', `route: 'x', methods: []`, `route: 'x', methods: ['GET']`],
  ['the same constraint', `route: 'x/{a:int}'`, `route: 'x/{b:int}'`],
  ['the rest', `route: '{*a}'`, `route: '{*b}'`],
])('two functions with %s are refused', async (_what, one, other) => {
  const entry = entryFile(httpFunction('one', one), httpFunction('other', other));
  expect(await startProblems({ 'functions/a.mjs': entry })).toEqual([
    expect.stringMatching(/^Functions "one" and "other" have the same route .* for .*\. Keep one\.$/),
  ]);
});

test.each([
  ['a parameter', `route: 'x/{a}'`, `route: 'x/list'`],
  ['the rest', `route: '{*a}'`, `route: 'x/{b:int}'`],
  ['an optional parameter', `route: 'x/{a?}'`, `route: 'x'`],
  ['a constraint that fits', `route: 'x/{a:int}'`, `route: 'x/12'`],
])('%s of a function with an earlier name hides a later function', async (_what, earlier, later) => {
  const entry = entryFile(httpFunction('b', later), httpFunction('a', earlier));
  expect(await startProblems({ 'functions/a.mjs': entry })).toEqual([
    expect.stringMatching(/^Function "a" \(route ".*"\) takes all that is meant for "b" .*alphabetical order/),
  ]);
});

test.each([
  ['another method', `route: 'x', methods: ['GET']`, `route: 'x', methods: ['POST']`],
  ['a narrower route with an earlier name', `route: 'x/list'`, `route: 'x/{a}'`],
  ['another constraint', `route: 'x/{a:int}'`, `route: 'x/{a:alpha}'`],
  ['text that the constraint does not take', `route: 'x/{a:int}'`, `route: 'x/list'`],
  ['another length', `route: 'x/{a}'`, `route: 'x/{a}/{b}'`],
])('%s is no conflict', async (_what, one, other) => {
  const entry = entryFile(httpFunction('a', one), httpFunction('b', other));
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }) });
  await host.start();
  expect(host.functions).toHaveLength(2);
  await host.stop();
});

test('functions are tried in the alphabetical order of their names, whatever their routes', async () => {
  const entry = entryFile(httpFunction('B', `route: 'x/{*any}'`), httpFunction('a', `route: 'x/{id:int}'`));
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }) });
  await host.start();
  const listening = await host.listen(0);
  expect(await (await fetch(`${listening.url}/x/1`)).text()).toBe('a');
  expect(await (await fetch(`${listening.url}/x/one`)).text()).toBe('B');
  await listening.close();
});

test('every problem is reported at once, each with its function', async () => {
  const entry = entryFile(httpFunction('1', `route: 'a'`), httpFunction('b', `route: 'admin'`));
  const problems = await startProblems({ 'functions/a.mjs': entry });
  expect(problems.map((problem) => problem.slice(0, 12))).toEqual(['Function "1"', 'Function "b"']);
});

test('an app without entry files does not start', async () => {
  expect(await startProblems({})).toEqual([
    expect.stringContaining('No file matches package.json\'s "main", "functions/*.mjs"'),
  ]);
  expect(await startProblems({ 'package.json': '{}' })).toEqual([
    expect.stringContaining('package.json has no "main"'),
  ]);
  expect(await startProblems(ONE_FUNCTION, [])).toEqual([expect.stringContaining('No entry file was given')]);
});

test('an entry file that throws stops the start and is named', async () => {
  const files = { ...ONE_FUNCTION, 'functions/two.mjs': `throw new TypeError('not today');` };
  expect(await startProblems(files)).toEqual([
    'The entry file functions/two.mjs cannot be loaded. TypeError: not today',
  ]);
  expect(await startProblems({ 'functions/a.mjs': `throw 'text';` })).toEqual([
    'The entry file functions/a.mjs cannot be loaded. it threw something that is no Error',
  ]);
  expect(await startProblems(ONE_FUNCTION, ['gone.mjs'])).toEqual([
    expect.stringContaining('The entry file gone.mjs cannot be loaded. Error: Cannot find module'),
  ]);
});

test('an import that the library does not have stops the start, as it does in plain Node', async () => {
  const entry = `import { HttpHandler, app } from '@azure/functions'; app.get('a', HttpHandler);`;
  expect(await startProblems({ 'functions/a.mjs': entry })).toEqual([
    expect.stringMatching(/^The entry file functions\/a\.mjs cannot be loaded\. SyntaxError: .*'HttpHandler'/),
  ]);
});

test('two functions of one name stop the start', async () => {
  const entry = entryFile(httpFunction('one', `route: 'a'`), httpFunction('One', `route: 'b'`));
  expect(await startProblems({ 'functions/a.mjs': entry })).toEqual([
    expect.stringContaining('A function named "One" has already been registered.'),
  ]);
});

test('an app that registers nothing, or no handler, does not start', async () => {
  expect(await startProblems({ 'functions/a.mjs': '' })).toEqual([expect.stringContaining('register no function')]);
  const entry = entryFile(`app.http('a', { authLevel: 'anonymous' });`);
  expect(await startProblems({ 'functions/a.mjs': entry })).toEqual([
    expect.stringContaining('Function "a" has no handler'),
  ]);
});

test('an appStart hook that throws stops the start', async () => {
  const entry = entryFile(httpFunction('a', ''), `app.hook.appStart(() => { throw new Error('not ready'); });`);
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }) });
  await expect(host.start()).rejects.toThrow('not ready');
  await expect(host.listen(0)).rejects.toThrow('await start() first');
});

test.each([
  ['is missing', undefined, 'cannot be read as JSON'],
  ['is no JSON', '{', 'cannot be read as JSON'],
  ['has no version', '{}', 'is not valid'],
  ['has another version', '{"version":"1.0"}', 'is not valid'],
  ['has a level that is none', '{"version":"2.0","logging":{"logLevel":{"default":"loud"}}}', 'must be one of trace'],
])('a host.json that %s does not start', async (_what, content, problem) => {
  const root = writeApp({ ...ONE_FUNCTION, ...(content !== undefined && { 'host.json': content }) });
  const folder = content === undefined ? `${root}/functions` : root;
  await expect(createFunctionsHost({ root: folder }).start()).rejects.toThrow(problem);
});

test('without a prefix in host.json routes are below /api, and the prefix is compared without regard to case', async () => {
  const host = createFunctionsHost({ root: writeApp({ ...ONE_FUNCTION, 'host.json': '{"version":"2.0"}' }) });
  await host.start();
  const listening = await host.listen(0);
  const statuses = await Promise.all(
    ['/api/one', '/API/one', '/one', '/apione'].map(async (path) => (await fetch(listening.url + path)).status),
  );
  expect(statuses).toEqual([200, 200, 404, 404]);
  await listening.close();
});

test('GET / shows the platform’s page unless the setting turns it off', async () => {
  for (const [env, status] of [
    [{}, 200],
    [{ AzureWebJobsDisableHomepage: 'True' }, 204],
  ] as const) {
    const host = createFunctionsHost({ root: writeApp(ONE_FUNCTION), env });
    await host.start();
    const listening = await host.listen(0);
    expect((await fetch(listening.url)).status).toBe(status);
    await listening.close();
  }
});

test('a function whose only parameter is optional takes the root from the platform’s page', async () => {
  const entry = entryFile(httpFunction('root', `route: '{name?}'`));
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }) });
  await host.start();
  const listening = await host.listen(0);
  expect(await (await fetch(listening.url)).text()).toBe('root');
  await listening.close();
});

test('a host starts once', async () => {
  const host = createFunctionsHost({ root: writeApp(ONE_FUNCTION) });
  expect(host.functions).toEqual([]);
  await expect(host.listen(0)).rejects.toThrow('await start() first');
  await host.start();
  await expect(host.start()).rejects.toThrow('starts once');
  await host.stop();
  await expect(host.fireTimer('any')).rejects.toThrow('await start() first');
});

test('an app with timers and no storage is warned', async () => {
  const entry = entryFile(`app.timer('t', { schedule: '0 0 0 * * *', handler: () => {} });`);
  const { log, lines } = recordLog();
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }), log });
  await host.start();
  await host.stop();
  expect(lines).toEqual([expect.stringMatching(/^warning Host: .*needs the setting AzureWebJobsStorage/)]);
});

test('log hooks see each line of a function and may change it', async () => {
  const entry = entryFile(
    `app.hook.log((context) => { if (context.category === 'user') { context.level = 'error'; context.message += '!'; } });`,
    `app.get('a', (request, context) => { context.debug('quiet'); return {}; });`,
  );
  const { log, lines } = recordLog();
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }), log });
  await host.start();
  const listening = await host.listen(0);
  await fetch(`${listening.url}/a`);
  await listening.close();
  expect(lines).toEqual(['error Function.a.User: quiet!']);
});

test('a preInvocation hook may replace the handler, a postInvocation hook may take its error away', async () => {
  const entry = entryFile(
    `app.hook.preInvocation((context) => { context.functionHandler = () => { throw new Error('replaced'); }; });`,
    `app.hook.postInvocation((context) => {`,
    `  const message = context.error.message;`,
    `  context.error = null;`,
    `  context.result = { status: 299, body: message };`,
    `});`,
    httpFunction('a', ''),
  );
  const host = createFunctionsHost({ root: writeApp({ 'functions/a.mjs': entry }) });
  await host.start();
  const listening = await host.listen(0);
  const response = await fetch(`${listening.url}/a`);
  expect([response.status, await response.text()]).toEqual([299, 'replaced']);
  await listening.close();
});
