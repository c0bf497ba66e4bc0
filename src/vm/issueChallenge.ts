import { formatInstant } from '../contract/instants.ts';
import type { ChallengeResponse } from '../contract/wire.ts';
import type { Challenges } from '../tokens/challenges.ts';
import { parsePublicJwk, thumbprint } from '../tokens/publicJwk.ts';
import type { UseCase } from '../http/edge.ts';
import { replyJson } from '../http/problems.ts';
import { challengeRequestSchema, readJsonBody } from './requestBody.ts';
import { RequestError } from '../http/requestError.ts';

export interface ChallengeNeeds {
  readonly challenges: Pick<Challenges, 'issue'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** `POST /v1/challenges`: writes nothing and does not use the store. */
export function issueChallenge({ challenges, now }: ChallengeNeeds): UseCase {
  return async (request) => {
    const { key } = await readJsonBody(request, challengeRequestSchema);
    const jwk = key === undefined ? undefined : parsePublicJwk(key);
    if (jwk === null) throw new RequestError('request_malformed', '"key" is not a public JWK on curve P-256.');
    const at = now();
    const issued = challenges.issue(jwk === undefined ? { at } : { at, jkt: thumbprint(jwk) });
    const { challenge, nonce, expiresAt } = issued;
    const response: ChallengeResponse = { challenge, nonce, expiresAt: formatInstant(expiresAt) };
    return replyJson(201, response);
  };
}
