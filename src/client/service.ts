import type { ChallengeRequest, LicenceRequest } from '../contract/wire.ts';
import { checkChallenge } from './challenge.ts';
import type { Challenge, ChallengeExpectation } from './challenge.ts';
import { ClientError } from './clientError.ts';
import { LONGEST_TOKEN } from './compactToken.ts';
import { parseKeySet } from './keySet.ts';
import type { KeySet } from './keySet.ts';
import { parseJsonObject, textMember } from './members.ts';
import type { JsonObject } from './members.ts';
import { readProblem } from './problem.ts';
import type { ServiceProblem } from './problem.ts';
import { requestService } from './serviceRequest.ts';
import type { ServiceAnswer, ServiceConnection } from './serviceRequest.ts';

/**
 * The client's requests. `xRequest` only does the I/O; `processXResponse` only checks, and believes nothing that it is told:
 * it answers what was asked for or the service's problem, and throws `ClientError` where it is neither.
 */

export type Processed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: ServiceProblem };

const PATHS = { challenges: '/v1/challenges', licences: '/v1/licences', keySet: '/.well-known/jwks.json' } as const;

export function challengeRequest(service: ServiceConnection, body: ChallengeRequest): Promise<ServiceAnswer> {
  return requestService(service, PATHS.challenges, body);
}

/** @throws {ClientError} `service_answer_unusable`, `challenge_malformed`, `challenge_foreign`, `challenge_nonce_wrong` */
export function processChallengeResponse(answer: ServiceAnswer, expected: ChallengeExpectation): Processed<Challenge> {
  if (answer.status !== 201) return { ok: false, problem: problemOf(answer) };
  const body = bodyOf(answer);
  const challenge = textMember(body, 'challenge', LONGEST_TOKEN);
  const nonce = textMember(body, 'nonce', 32);
  if (challenge === undefined || nonce === undefined) throw new ClientError('challenge_malformed');
  return { ok: true, value: checkChallenge(challenge, nonce, expected) };
}

/** The `aud` of a proof that goes with a request for a licence. */
export function licenceAudience(issuer: string): string {
  return issuer + PATHS.licences;
}

export function licenceRequest(service: ServiceConnection, body: LicenceRequest): Promise<ServiceAnswer> {
  return requestService(service, PATHS.licences, body);
}

/** @returns the licence as it came, still to be verified. @throws {ClientError} `service_answer_unusable`, `licence_malformed` */
export function processLicenceResponse(answer: ServiceAnswer): Processed<string> {
  if (answer.status !== 200) return { ok: false, problem: problemOf(answer) };
  const licence = textMember(bodyOf(answer), 'licence', LONGEST_TOKEN);
  if (licence === undefined) throw new ClientError('licence_malformed');
  return { ok: true, value: licence };
}

export function keySetRequest(service: ServiceConnection): Promise<ServiceAnswer> {
  return requestService(service, PATHS.keySet);
}

/** @throws {ClientError} `service_answer_unusable`, `key_set_unusable` */
export async function processKeySetResponse(answer: ServiceAnswer): Promise<Processed<KeySet>> {
  if (answer.status !== 200) return { ok: false, problem: problemOf(answer) };
  return { ok: true, value: await parseKeySet(bodyOf(answer)) };
}

/** Key sets may come as `application/jwk-set+json` (RFC 7517 section 8.5). */
const JSON_TYPES: readonly string[] = ['application/json', 'application/jwk-set+json'];

function bodyOf(answer: ServiceAnswer): JsonObject {
  if (!JSON_TYPES.includes(answer.mediaType)) throw new ClientError('service_answer_unusable', 'not JSON');
  const body = parseJsonObject(answer.text);
  if (body === undefined) throw new ClientError('service_answer_unusable', 'not a JSON object');
  return body;
}

function problemOf(answer: ServiceAnswer): ServiceProblem {
  const problem = readProblem(answer);
  if (problem === undefined) throw new ClientError('service_answer_unusable', `status ${answer.status}`);
  return problem;
}
