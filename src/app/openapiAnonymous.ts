import * as z from 'zod';
import { CHALLENGE_CODES, EVIDENCE_CODES, LICENCE_CODES } from '../contract/codes.ts';
import type { ProblemCode } from '../contract/codes.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { ChallengeResponse, Discovery, LicenceResponse, Problem, ReleaseResponse } from '../contract/wire.ts';
import type { KeySet } from '../tokens/keySet.ts';
import { signedKeySetQuery } from '../vm/readKeySets.ts';
import { challengeRequestSchema, licenceRequestSchema, releaseRequestSchema } from '../vm/requestBody.ts';
import type { Readiness } from '../vm/readiness.ts';

/** A route that everybody may call, for the description alone: the entry files register it. */
export interface AnonymousOperation {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body: z.ZodType | null;
  readonly status: 200 | 201;
  readonly answer: { readonly mediaType: string; readonly schema: z.ZodType };
  readonly codes: readonly ProblemCode[];
  /** Whether the same body may come with 503. */
  readonly tellsFailure?: boolean;
}

const instant = z.iso.datetime();
const token = z.string().describe('A compact JWS.');
const NONE = z.strictObject({});

const challengeResponse: z.ZodType<ChallengeResponse> = z
  .strictObject({ challenge: token, nonce: z.string(), expiresAt: instant })
  .meta({ id: 'ChallengeResponse' });

const licenceResponse: z.ZodType<LicenceResponse> = z
  .strictObject({ licence: token, expiresAt: instant, renewAfter: instant })
  .meta({ id: 'LicenceResponse' });

const releaseResponse: z.ZodType<ReleaseResponse> = z
  .strictObject({ seatFreeAt: instant })
  .meta({ id: 'ReleaseResponse' });

const keySet: z.ZodType<KeySet> = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        ...{ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), kid: z.string() },
        ...{ alg: z.literal('ES256'), use: z.literal('sig') },
      }),
    ),
  })
  .meta({ id: 'KeySet' });

const discovery: z.ZodType<Discovery> = z
  .strictObject({
    issuer: z.url(),
    endpoints: z.strictObject({
      ...{ challenges: z.url(), licences: z.url(), releases: z.url(), jwks: z.url(), signedJwks: z.url() },
    }),
    acceptedClouds: z.array(z.string()),
    algorithms: z.strictObject({ licence: z.tuple([z.literal('ES256')]), proof: z.tuple([z.literal('ES256')]) }),
    nonceStyle: z.enum(['base32', 'digits']),
    rootKeys: z.array(z.string()),
    pinSetVersion: z.string(),
  })
  .meta({ id: 'Discovery' });

const state = z.enum(['ok', 'degraded', 'failed']);
const probe = z.strictObject({ state, detail: z.string() });

const readiness: z.ZodType<Readiness> = z
  .strictObject({
    ...{ state, probedAt: instant },
    probes: z.strictObject({ store: probe, signingKey: probe, root: probe, pins: probe, challengeSecret: probe }),
  })
  .meta({ id: 'Readiness' });

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457, with members of our own. */
export const problemSchema = z
  .strictObject({
    type: z.url().describe('A page that explains the code.'),
    ...{ title: z.string(), status: z.int() },
    code: z.enum(CODES),
    detail: z.string().describe('What to do.'),
    ...{ instance: z.string(), retryable: z.boolean(), correlationId: z.uuid() },
    denial: token.exactOptional().describe('A signed denial: the only answer that ends a client’s grace.'),
    errors: z
      .array(z.strictObject({ line: z.int().exactOptional(), field: z.string(), message: z.string() }))
      .exactOptional()
      .describe('Operators’ requests: everything that is wrong with the body.'),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<Problem>;

const BODY_CODES = ['request_malformed', 'request_too_large', 'media_type_unsupported', 'rate_limited'] as const;
const KEY_SET_CODES = [
  ...(['key_set_missing', 'store_unavailable', 'signing_key_unavailable', 'internal_error'] as const),
] as const;
const BACK_END_CODES = KEY_SET_CODES;

const json = (schema: z.ZodType) => ({ mediaType: 'application/json', schema });

const PROTOCOL: readonly AnonymousOperation[] = [
  {
    ...{ name: 'issueChallenge', method: 'POST', path: '/v1/challenges', params: NONE, status: 201 },
    summary: 'A challenge for five minutes, bound to the caller’s key where it sends one',
    ...{ body: challengeRequestSchema, answer: json(challengeResponse) },
    codes: [...BODY_CODES, 'internal_error'],
  },
  {
    ...{ name: 'issueLicence', method: 'POST', path: '/v1/licences', params: NONE, status: 200 },
    summary: 'A licence for the VM that the evidence speaks of, or a refusal',
    ...{ body: licenceRequestSchema, answer: json(licenceResponse) },
    codes: [...BODY_CODES, ...CHALLENGE_CODES, ...EVIDENCE_CODES, ...LICENCE_CODES, ...BACK_END_CODES],
  },
  {
    ...{ name: 'releaseLicence', method: 'POST', path: '/v1/releases', params: NONE, status: 200 },
    summary: 'Gives the seat of a VM back that is being deleted',
    ...{ body: releaseRequestSchema, answer: json(releaseResponse) },
    codes: [...BODY_CODES, ...CHALLENGE_CODES, ...EVIDENCE_CODES, ...LICENCE_CODES, 'not_found', ...BACK_END_CODES],
  },
];

const GET = { method: 'GET', params: NONE, body: null, status: 200, codes: ['internal_error'] } as const;

const READING: readonly AnonymousOperation[] = [
  {
    ...{ ...GET, name: 'readKeySet', path: '/.well-known/jwks.json' },
    summary: 'The public signing keys (RFC 7517)',
    answer: json(keySet),
    codes: KEY_SET_CODES,
  },
  {
    ...{ ...GET, name: 'readSignedKeySet', path: '/.well-known/jwks.jwt', query: signedKeySetQuery },
    summary: 'The same key set, signed by a root key: what a client believes that carries the root key’s thumbprint',
    answer: { mediaType: 'application/jwk-set+jwt', schema: token },
    codes: ['request_malformed', 'not_found', ...KEY_SET_CODES],
  },
  {
    ...{ ...GET, name: 'readDiscovery', path: '/.well-known/countersign' },
    summary: 'Issuer, endpoints, accepted clouds, algorithms, root keys, pin set',
    answer: json(discovery),
    codes: ['signing_key_unavailable', 'internal_error'],
  },
  {
    ...{ ...GET, name: 'readHealth', path: '/healthz' },
    summary: 'Whether the process runs; asks nothing',
    answer: json(z.strictObject({ state: z.literal('ok') })),
  },
  {
    ...{ ...GET, name: 'readReadiness', path: '/readyz' },
    summary: 'What the service needs, probed at most ten seconds ago; 503 with the same body where something failed',
    answer: json(readiness),
    tellsFailure: true,
  },
  {
    ...{ ...GET, name: 'readProblemPage', path: '/problems/{code}' },
    summary: 'What a code means, and what to do',
    params: z.strictObject({ code: z.enum(CODES) }),
    answer: { mediaType: 'text/plain', schema: z.string() },
    codes: ['not_found', 'rate_limited', 'internal_error'],
  },
  {
    ...{ ...GET, name: 'readOpenApi', path: '/openapi.json' },
    summary: 'This document',
    answer: json(z.looseObject({ openapi: z.string() })),
    codes: ['rate_limited', 'internal_error'],
  },
];

export const ANONYMOUS_OPERATIONS: readonly AnonymousOperation[] = [...PROTOCOL, ...READING];
