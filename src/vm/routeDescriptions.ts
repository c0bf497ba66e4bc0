import * as z from 'zod';
import { CHALLENGE_CODES, EVIDENCE_CODES, LICENCE_CODES } from '../contract/codes.ts';
import type { ProblemCode } from '../contract/codes.ts';
import type { VmEndpoint } from '../contract/endpoints.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { RouteDescription } from '../http/anonymousRoute.ts';
import {
  challengeResponseSchema,
  compactJws,
  discoverySchema,
  keySetSchema,
  licenceResponseSchema,
  readinessSchema,
  releaseResponseSchema,
} from './answerSchemas.ts';
import { signedKeySetQuery } from './readKeySets.ts';
import { challengeRequestSchema, licenceRequestSchema, releaseRequestSchema } from './requestBody.ts';

const json = (schema: z.ZodType) => ({ mediaType: 'application/json', schema });

const BODY_CODES = ['request_malformed', 'request_too_large', 'media_type_unsupported', 'rate_limited'] as const;
const BACK_END_CODES = ['key_set_missing', 'store_unavailable', 'signing_key_unavailable', 'internal_error'] as const;
const REFUSALS = [...CHALLENGE_CODES, ...EVIDENCE_CODES, ...LICENCE_CODES] as const;

type Licensing = 'issueChallenge' | 'issueLicence' | 'releaseLicence';

const LICENSING: Readonly<Record<Licensing, RouteDescription>> = {
  issueChallenge: {
    ...{ status: 201, body: challengeRequestSchema, answer: json(challengeResponseSchema) },
    summary: 'A challenge for five minutes, bound to the caller’s key where it sends one',
    codes: [...BODY_CODES, 'internal_error'],
  },
  issueLicence: {
    ...{ status: 200, body: licenceRequestSchema, answer: json(licenceResponseSchema) },
    summary: 'A licence for the VM that the evidence speaks of, or a refusal',
    codes: [...BODY_CODES, ...REFUSALS, ...BACK_END_CODES],
  },
  releaseLicence: {
    ...{ status: 200, body: releaseRequestSchema, answer: json(releaseResponseSchema) },
    summary: 'Gives the seat of a VM back that is being deleted',
    codes: [...BODY_CODES, ...REFUSALS, 'not_found', ...BACK_END_CODES],
  },
};

const READ = { status: 200 } as const;
const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** Every route but the operators'. An endpoint that is missing here does not compile. */
export const VM_DESCRIPTIONS: Readonly<Record<VmEndpoint, RouteDescription>> = {
  ...LICENSING,
  readKeySet: {
    ...{ ...READ, answer: json(keySetSchema), codes: BACK_END_CODES },
    summary: 'The public signing keys (RFC 7517)',
  },
  readSignedKeySet: {
    ...{ ...READ, query: signedKeySetQuery },
    summary: 'The same key set, signed by a root key: what a client believes that carries the root key’s thumbprint',
    answer: { mediaType: 'application/jwk-set+jwt', schema: compactJws },
    codes: ['request_malformed', 'not_found', ...BACK_END_CODES],
  },
  readDiscovery: {
    ...{ ...READ, answer: json(discoverySchema), codes: ['signing_key_unavailable', 'internal_error'] },
    summary: 'Issuer, endpoints, accepted clouds, algorithms, root keys, pin set',
  },
  readHealth: {
    ...{ ...READ, answer: json(z.strictObject({ state: z.literal('ok') })), codes: ['internal_error'] },
    summary: 'Whether the process runs; asks nothing',
  },
  readReadiness: {
    ...{ ...READ, answer: json(readinessSchema), tellsFailure: true, codes: ['internal_error'] },
    summary: 'What the service needs, probed at most ten seconds ago; 503 with the same body where something failed',
  },
  readProblemPage: {
    ...{ ...READ, params: z.strictObject({ code: z.enum(CODES) }) },
    summary: 'What a code means, and what to do',
    answer: { mediaType: 'text/plain', schema: z.string() },
    codes: ['not_found', 'rate_limited', 'internal_error'],
  },
  readOpenApi: {
    ...{ ...READ, answer: json(z.looseObject({ openapi: z.string() })), hasETag: true },
    summary: 'This document',
    codes: ['rate_limited', 'internal_error'],
  },
  readStartPage: {
    ...{ ...READ, answer: { mediaType: 'text/html', schema: z.string() } },
    summary: 'A page for people: what this is, whether it is ready, the way to the console',
    codes: ['rate_limited', 'internal_error'],
  },
};
