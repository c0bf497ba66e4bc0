import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import type { JWK } from 'jose';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createOperatorKeySet } from '../../../src/operators/access/operatorKeySet.ts';
import type { LogLine } from '../../app/edgeRequest.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let jwk: JWK;

beforeAll(async () => {
  jwk = await exportJWK((await runKeys('emulator')('directory 1')).publicKey);
});

const keysOf = (...kids: string[]) => JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid, use: 'sig' })) });

/** A directory whose next answers the test says, and a key set of it. The last answer stays. */
async function startDirectory(...answers: readonly (string | number)[]) {
  let left = [...answers];
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    const [answer = 500, ...more] = left;
    if (more.length > 0) left = more;
    response.writeHead(typeof answer === 'number' ? answer : 200).end(typeof answer === 'string' ? answer : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const log: LogLine[] = [];
  const keySet = createOperatorKeySet(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
  return {
    log,
    requests: () => requests,
    answer: (...next: typeof left) => (left = next),
    /** What becomes of a token that names this key. */
    find: async (kid: string, at: number) => {
      const get = keySet(at, (level, event, facts) => void log.push({ level, event, facts }));
      try {
        await get({ alg: 'RS256', kid }, { payload: '', signature: '' });
        return 'found';
      } catch (error) {
        return (error as Error).name;
      }
    },
  };
}

test('the set is fetched once by all that come at the same time, and used for ten minutes', async () => {
  const { find, requests } = await startDirectory(keysOf('a'));
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => find('a', AT))))).toEqual(new Set(['found']));
  expect(await find('a', AT + 10 * MINUTE - 1)).toBe('found');
  expect(requests()).toBe(1);
  expect(await find('a', AT + 10 * MINUTE)).toBe('found');
  expect(requests()).toBe(2);
});

test.each([
  ['answers 500', 500],
  ['answers no JSON', '<html>'],
  ['answers no key set', '{}'],
  ['answers without an end', `{"keys":["${'k'.repeat(256 * 1024)}"]}`],
  ['sends elsewhere', 302],
])('a directory that %s is asked once in 30 seconds, however many tokens come', async (_, answer) => {
  const { find, requests, log } = await startDirectory(answer);
  for (let count = 0; count < 50; count += 1) expect(await find(`k${count}`, AT + count)).toBe('OperatorKeySetError');
  expect(requests()).toBe(1);
  await Promise.all(Array.from({ length: 50 }, (_unused, count) => find(`k${count}`, AT + 30 * SECOND)));
  expect(requests()).toBe(2);
  expect(log).toHaveLength(2);
});

test('a burst of keys that nobody knows asks once in 30 seconds, also after a good answer', async () => {
  const { find, requests } = await startDirectory(keysOf('a'));
  expect(await find('a', AT)).toBe('found');
  expect(await find('x', AT + 29 * SECOND)).toBe('JWKSNoMatchingKey');
  expect(requests()).toBe(1);
  await Promise.all(Array.from({ length: 50 }, (_, count) => find(`k${count}`, AT + 31 * SECOND + count)));
  expect(requests()).toBe(2);
});

test('a new key is found by asking again', async () => {
  const { find, requests } = await startDirectory(keysOf('a'), keysOf('a', 'b'));
  expect(await find('a', AT)).toBe('found');
  expect(await find('b', AT + 31 * SECOND)).toBe('found');
  expect(requests()).toBe(2);
});

test('known keys are used for a day while they cannot be refreshed, with one warning an attempt', async () => {
  const { find, log, requests, answer } = await startDirectory(keysOf('a'), 503);
  expect(await find('a', AT)).toBe('found');
  for (const later of [11 * MINUTE, 11 * MINUTE + 1, 12 * MINUTE, 24 * HOUR - 1]) {
    expect(await find('a', AT + later), `${later}`).toBe('found');
  }
  expect(requests()).toBe(4);
  const facts = { reason: 'HTTP 503', keysOf: '2026-11-23T12:00:00Z' };
  expect(log).toEqual([1, 2, 3].map(() => ({ level: 'warn', event: 'operator_keys_not_refreshed', facts })));
  // Whether this one is good nobody knows.
  expect(await find('b', AT + 24 * HOUR - 1)).toBe('OperatorKeySetError');
  expect(await find('a', AT + 24 * HOUR)).toBe('OperatorKeySetError');
  answer(keysOf('a'));
  expect(await find('a', AT + 24 * HOUR + MINUTE)).toBe('found');
});

test('a key that cannot be used is no fault of the token', async () => {
  const { find } = await startDirectory(JSON.stringify({ keys: [{ kty: 'RSA', kid: 'a', n: 'AQ' }] }));
  expect(await find('a', AT)).toBe('OperatorKeySetError');
});
