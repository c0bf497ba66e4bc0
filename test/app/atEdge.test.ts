import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/contract/problems.ts';
import { PartlyWrittenError } from '../../src/catalogue/file/partlyWritten.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import { atEdge } from '../../src/app/atEdge.ts';
import { OperatorKeySetError } from '../../src/operators/access/operatorKeySetError.ts';
import { RequestError } from '../../src/http/requestError.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import { bodyOf, createRequest } from './edgeRequest.ts';
import type { LogLine } from './edgeRequest.ts';

const ISSUER = 'https://licences.contoso.com';

/** What a use case that throws this is answered and logged with. */
async function fail(error: unknown) {
  const log: LogLine[] = [];
  // Libraries throw what they like.
  const thrown = error as Error;
  const edge = atEdge(ISSUER, () => {
    throw thrown;
  });
  const reply = await edge(createRequest({ log }));
  expect(log).toHaveLength(1);
  const [line = { level: '', event: '', facts: {} }] = log;
  return { reply, body: bodyOf(reply), line };
}

test('what a use case replies goes on as it is', async () => {
  const reply = { status: 204, headers: {}, body: '' };
  expect(await atEdge(ISSUER, () => Promise.resolve(reply))(createRequest())).toBe(reply);
});

test.each([
  ['request_malformed', 400],
  ['request_too_large', 413],
  ['media_type_unsupported', 415],
  ['challenge_expired', 400],
  ['proof_invalid', 400],
  ['rate_limited', 429],
] as const)('a RequestError %s is %i, and a line of information', async (code, status) => {
  const { reply, body, line } = await fail(new RequestError(code));
  expect(reply.status).toBe(status);
  expect(body).toMatchObject({ code, status, detail: PROBLEMS[code].advice });
  expect(line).toMatchObject({ level: 'info', event: 'request_refused', facts: { code, path: '/v1/challenges' } });
  expect(line.facts['correlationId']).toBe(body['correlationId']);
});

test('its detail and its wait reach the caller', async () => {
  const { reply, body } = await fail(new RequestError('rate_limited', 'Slowly.', 7));
  expect(body['detail']).toBe('Slowly.');
  expect(reply.headers['Retry-After']).toBe('7');
});

test.each([
  [new StoreUnavailableError('The store failed to read: ECONNREFUSED.'), 'store_unavailable'],
  [new SigningKeyUnavailableError('The vault answered 429.'), 'signing_key_unavailable'],
])('%s is 503, and its message is for the log alone', async (error, code) => {
  const { reply, body, line } = await fail(error);
  expect(reply.status).toBe(503);
  expect(body).toMatchObject({ code, retryable: true });
  expect(reply.body).not.toContain(error.message);
  expect(line).toMatchObject({ level: 'error', event: 'request_failed', facts: { code, message: error.message } });
  expect(line.facts['correlationId']).toBe(body['correlationId']);
});

test('a directory that cannot be asked for its keys is 503, and says when to come again', async () => {
  const error = new OperatorKeySetError('The key set of the operators’ directory cannot be fetched: TimeoutError.');
  const { reply, body, line } = await fail(error);
  expect([reply.status, reply.headers['Retry-After']]).toEqual([503, '30']);
  expect(body).toMatchObject({ status: 503, code: 'directory_unavailable', retryable: true });
  expect(body['detail']).toContain('operators’ directory cannot be fetched');
  expect(reply.body).not.toContain('TimeoutError');
  expect(line).toMatchObject({ level: 'error', facts: { code: 'directory_unavailable', message: error.message } });
});

const SECRET = 'eyJhbGciOiJFUzI1NiJ9';

function withChangedMessage(): Error {
  const error = new Error(`first ${SECRET}\n    at ${SECRET}`);
  error.message = 'changed';
  return error;
}

test.each<[string, unknown]>([
  ['an error of a library', new TypeError(`Cannot read "${SECRET}"`)],
  ['one of several lines that look like places', new Error(`bad\n    at ${SECRET} (file.ts:1:1)\n    at ${SECRET}`)],
  ['one whose message was changed', withChangedMessage()],
  ['one with a cause', new Error('outer', { cause: new Error(SECRET) })],
  ['several in one', new AggregateError([new Error(SECRET)], SECRET)],
  ['a text', SECRET],
  ['an object', { message: SECRET, stack: SECRET }],
  ['nothing', undefined],
])('%s is internal_error, and nothing of it leaks to reply or log', async (_, thrown) => {
  const { reply, body, line } = await fail(thrown);
  expect(reply.status).toBe(500);
  expect(body).toMatchObject({ code: 'internal_error', detail: PROBLEMS.internal_error.advice });
  expect(reply.body).not.toContain(SECRET);
  expect(JSON.stringify(line)).not.toContain(SECRET);
  expect(line).toMatchObject({ level: 'error', event: 'request_failed', facts: { code: 'internal_error' } });
});

test('of a fault of ours the log has its name and its place', async () => {
  const { line } = await fail(new RangeError('out of range'));
  expect(line.facts['reason']).toBe('RangeError');
  expect(line.facts['at']).toMatch(/^at .*atEdge\.test\.ts:\d+:\d+/);
});

test('a use case that throws before it awaits is caught as well', async () => {
  const edge = atEdge(ISSUER, () => {
    throw new RequestError('not_found');
  });
  expect((await edge(createRequest())).status).toBe(404);
});

test('of a file that was written in part the operator is told which rows are left', async () => {
  const rows = Array.from({ length: 25 }, (_, index) => `licence l${index}`);
  const { reply, body } = await fail(new PartlyWrittenError(rows));
  expect([reply.status, body['code']]).toEqual([503, 'store_unavailable']);
  expect(body['detail']).toContain('licence l0, licence l1,');
  expect(body['detail']).toContain('licence l19 and 5 more');
});
