import { expect, test } from 'vitest';
import {
  CHALLENGE_CODES,
  EVIDENCE_CODES,
  LICENCE_CODES,
  OPERATOR_CODES,
  REQUEST_CODES,
  SERVICE_CODES,
} from '../../src/contract/codes.ts';
import type { ProblemCode } from '../../src/contract/codes.ts';
import { PROBLEMS } from '../../src/contract/problems.ts';
import { replyProblem } from '../../src/http/problems.ts';
import { bodyOf } from '../app/edgeRequest.ts';

const ISSUER = 'https://licences.contoso.com';
const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** As the protocol's table of refusals has them; what is not here has the status of its kind. */
const STATUS: Partial<Record<ProblemCode, number>> = {
  ...{ request_malformed: 400, not_found: 404, request_too_large: 413, media_type_unsupported: 415 },
  challenge_replayed: 409,
  ...{ issuer_certificate_missing: 503, readings_differ: 503 },
  ...{ rate_limited: 429, internal_error: 500 },
  ...{ token_missing: 401, token_invalid: 401, role_missing: 403, changed_meanwhile: 412 },
  ...{ name_taken: 409, in_use: 409, busy: 409, request_reused: 409, precondition_required: 428 },
  ...{ store_newer: 409, backup_refused: 409 },
  ...{ directory_unavailable: 503 },
};

const KINDS: readonly (readonly [readonly ProblemCode[], number])[] = [
  [REQUEST_CODES, 400],
  [CHALLENGE_CODES, 400],
  [EVIDENCE_CODES, 422],
  [LICENCE_CODES, 403],
  [SERVICE_CODES, 503],
  [OPERATOR_CODES, 400],
];

test('every code of the contract has its facts, and there is no other', () => {
  expect([...CODES].sort()).toEqual(KINDS.flatMap(([codes]) => codes).sort());
});

test.each(KINDS.flatMap(([codes, status]) => codes.map((code) => [code, STATUS[code] ?? status] as const)))(
  '%s is a problem document with status %i',
  (code, status) => {
    const reply = replyProblem(ISSUER, code);
    const body = bodyOf(reply);
    expect(reply.status).toBe(status);
    expect(reply.headers).toEqual({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
    const members = ['type', 'title', 'status', 'code', 'detail', 'instance', 'retryable', 'correlationId'];
    expect(Object.keys(body)).toEqual(members);
    expect(body).toMatchObject({ type: `${ISSUER}/problems/${code}`, status, code });
    expect(body['instance']).toBe(`urn:uuid:${String(body['correlationId'])}`);
    expect(body['correlationId']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  },
);

test('titles and advice are whole and tell the codes apart', () => {
  for (const code of CODES) expect(PROBLEMS[code].advice, code).toMatch(/^[A-Z].{10,}\.$/);
  const titles = CODES.map((code) => PROBLEMS[code].title);
  expect(new Set(titles).size).toBe(titles.length);
});

test('what may succeed later is retryable, and nothing that a person must change', () => {
  const retryable = CODES.filter((code) => PROBLEMS[code].retryable);
  expect(retryable.sort()).toEqual([
    'busy',
    'challenge_expired',
    'challenge_replayed',
    'directory_unavailable',
    'internal_error',
    'issuer_certificate_missing',
    'issuer_unknown',
    'key_set_missing',
    'rate_limited',
    'readings_differ',
    'signing_key_unavailable',
    'store_unavailable',
  ]);
});

test('two occurrences have two correlation ids; one that is given is kept', () => {
  const [first, second] = [bodyOf(replyProblem(ISSUER, 'not_found')), bodyOf(replyProblem(ISSUER, 'not_found'))];
  expect(first['correlationId']).not.toBe(second['correlationId']);
  expect(bodyOf(replyProblem(ISSUER, 'not_found', { correlationId: 'given' }))['instance']).toBe('urn:uuid:given');
});

test('detail, denial and Retry-After are there where they are given', () => {
  const reply = replyProblem(ISSUER, 'seats_exhausted', { detail: 'None left.', denial: 'a.b.c', retryAfter: 3 });
  expect(bodyOf(reply)).toMatchObject({ detail: 'None left.', denial: 'a.b.c' });
  expect(reply.headers['Retry-After']).toBe('3');
  expect(replyProblem(ISSUER, 'rate_limited', { retryAfter: null }).headers).not.toHaveProperty('Retry-After');
});
