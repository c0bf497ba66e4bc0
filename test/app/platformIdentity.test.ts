import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createManagedIdentity } from '../../src/app/managedIdentity.ts';
import { readConfig } from '../../src/app/config.ts';
import { PlatformIdentityError, createPlatformIdentity } from '../../src/app/platformIdentity.ts';
import { GOOD_SETTINGS } from './settings.ts';

/** The token endpoint of App Service, as its documentation describes it. */

const HEADER = 'a-secret-of-this-process';
const STORAGE = 'https://storage.azure.com/.default';
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function startEndpoint(...answers: readonly Answer[]) {
  const asked: { readonly query: Readonly<Record<string, string>>; readonly header: unknown }[] = [];
  const server = createServer((request, response) => {
    const query = Object.fromEntries(new URL(request.url ?? '', 'http://endpoint').searchParams);
    asked.push({ query, header: request.headers['x-identity-header'] });
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token?of=it`, asked };
}

const giveToken =
  (token: string, expires: number): Answer =>
  (_, response) =>
    response.end(JSON.stringify({ access_token: token, expires_on: String(expires / 1_000), token_type: 'Bearer' }));

const refuse =
  (status: number): Answer =>
  (_, response) =>
    response.writeHead(status).end('{"message":"a-secret-of-this-process"}');

const identityOf = (url: string, now = () => NOW, clientId?: string) =>
  createPlatformIdentity({ url, header: HEADER, clientId, now, pause: 0 });

test('asks for the resource of the scope, and keeps the token until five minutes before its end', async () => {
  let now = NOW;
  const { url, asked } = await startEndpoint(giveToken('first', NOW + HOUR), giveToken('second', NOW + 2 * HOUR));
  const identity = identityOf(url, () => now, 'the-client');
  const tokens = await Promise.all([identity.getToken(STORAGE), identity.getToken([STORAGE])]);
  expect(tokens).toEqual(Array(2).fill({ token: 'first', expiresOnTimestamp: NOW + HOUR }));
  now = NOW + HOUR - 300_001;
  expect((await identity.getToken(STORAGE)).token).toBe('first');
  expect(asked).toEqual([
    {
      query: {
        ...{ of: 'it', 'api-version': '2019-08-01', resource: 'https://storage.azure.com', client_id: 'the-client' },
      },
      header: HEADER,
    },
  ]);
  now += 1;
  expect((await identity.getToken(STORAGE)).token).toBe('second');
});

test('each resource has a token of its own', async () => {
  const { url, asked } = await startEndpoint(giveToken('one', NOW + HOUR), giveToken('other', NOW + HOUR));
  const identity = identityOf(url);
  await identity.getToken(STORAGE);
  expect((await identity.getToken('https://vault.azure.net/.default')).token).toBe('other');
  expect(asked.map(({ query }) => query['resource'])).toEqual(['https://storage.azure.com', 'https://vault.azure.net']);
  expect(asked[0]?.query).not.toHaveProperty('client_id');
});

test.each([500, 503, 429, 404])('after %i it is asked again', async (status) => {
  const { url, asked } = await startEndpoint(refuse(status), refuse(status), giveToken('late', NOW + HOUR));
  expect((await identityOf(url).getToken(STORAGE)).token).toBe('late');
  expect(asked).toHaveLength(3);
});

const STRANGE: readonly (readonly [string, Answer])[] = [
  ['another status', refuse(500)],
  ['no JSON', (_, response) => response.end('<html>')],
  ['no token', (_, response) => response.end('{"expires_on":"1800003600"}')],
  ['a token that no header can hold', giveToken('two\r\nlines', NOW + HOUR)],
  ['no end', (_, response) => response.end('{"access_token":"a"}')],
  ['too much', (_, response) => response.end(`{"access_token":"${'a'.repeat(70_000)}","expires_on":"1800003600"}`)],
  ['a redirect', (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()],
  ['half an answer', (_, response) => response.writeHead(200, { 'Content-Length': 100 }).end('{"access')],
];

test.each(STRANGE)('%s, three times, is no token', async (_, answer) => {
  const { url, asked } = await startEndpoint(answer);
  const failed: unknown = await identityOf(url)
    .getToken(STORAGE)
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PlatformIdentityError);
  expect(String(failed)).not.toContain(HEADER);
  expect(asked).toHaveLength(3);
});

test('a refusal is told at once, and the next question is asked', async () => {
  const { url, asked } = await startEndpoint(refuse(400), giveToken('now', NOW + HOUR));
  const identity = identityOf(url);
  await expect(identity.getToken(STORAGE)).rejects.toThrow('HTTP 400');
  expect(asked).toHaveLength(1);
  expect((await identity.getToken(STORAGE)).token).toBe('now');
});

test('who gives up waiting ends the question of nobody else', async () => {
  let answer: () => void = () => undefined;
  const { url } = await startEndpoint((request, response) => {
    answer = () => {
      giveToken('theirs', NOW + HOUR)(request, response);
    };
    impatient.abort();
  });
  const impatient = new AbortController();
  const identity = identityOf(url);
  const given = identity.getToken(STORAGE);
  await expect(identity.getToken(STORAGE, { abortSignal: impatient.signal })).rejects.toThrow('in time');
  await expect(identity.getToken(STORAGE, { abortSignal: AbortSignal.abort() })).rejects.toThrow('in time');
  answer();
  expect((await given).token).toBe('theirs');
});

test('several scopes, or one without a resource, are refused', () => {
  const identity = identityOf('http://127.0.0.1:1/');
  for (const scope of [[], [STORAGE, STORAGE], 'https://storage.azure.com/user_impersonation']) {
    expect(() => identity.getToken(scope)).toThrow(PlatformIdentityError);
  }
});

test('the platform’s endpoint is asked where it names one, and the library elsewhere', async () => {
  const { url } = await startEndpoint(giveToken('platform-token', Math.floor(Date.now() / 1_000) * 1_000 + HOUR));
  const named = readConfig({ ...GOOD_SETTINGS, IDENTITY_ENDPOINT: url, IDENTITY_HEADER: HEADER });
  expect((await (await createManagedIdentity(named)).getToken(STORAGE)).token).toBe('platform-token');
  for (const change of [{}, { IDENTITY_ENDPOINT: url }, { IDENTITY_ENDPOINT: 'none', IDENTITY_HEADER: HEADER }]) {
    const identity = await createManagedIdentity(readConfig({ ...GOOD_SETTINGS, ...change }));
    expect(identity.constructor.name).toBe('ManagedIdentityCredential');
  }
});
