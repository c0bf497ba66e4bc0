import { formatInstant } from '../contract/instants.ts';
import type { ChallengeResponse } from '../contract/wire.ts';
import { parsePublicJwk, thumbprint } from '../tokens/publicJwk.ts';
import type { EdgeRequest, Reply } from '../http/edge.ts';
import type { Parts } from '../app/parts.ts';
import { replyJson } from '../http/problems.ts';
import { challengeRequestSchema, readJsonBody } from './requestBody.ts';
import { RequestError } from '../http/requestError.ts';

/** `POST /v1/challenges`: writes nothing, and asks nothing of the store. */
export async function issueChallenge(parts: Parts, request: EdgeRequest): Promise<Reply> {
  const { key } = await readJsonBody(request, challengeRequestSchema);
  const jwk = key === undefined ? undefined : parsePublicJwk(key);
  if (jwk === null) throw new RequestError('request_malformed', '"key" is not a public JWK on curve P-256.');
  const at = parts.now();
  const issued = parts.challenges.issue(jwk === undefined ? { at } : { at, jkt: thumbprint(jwk) });
  const { challenge, nonce, expiresAt } = issued;
  const response: ChallengeResponse = { challenge, nonce, expiresAt: formatInstant(expiresAt) };
  return replyJson(201, response);
}
