import { hash } from 'node:crypto';
import { decodeBase64 } from '../contract/base64.ts';
import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import { nonceFromDigest, offlineNonceInput } from '../contract/nonce.ts';
import type { OfflineRequestBody } from '../contract/operators/offline.ts';
import type { OfflineLicence } from '../contract/wire.ts';
import type { Log } from '../http/edge.ts';
import { RefusedReply } from '../http/refusedReply.ts';
import { RequestError } from '../http/requestError.ts';
import type { KeySets, RootState } from '../tokens/keySets/keySets.ts';
import { checkOfflineProof } from '../tokens/proofs.ts';
import { readUnverified } from '../verifier/verifyEvidence.ts';
import { authenticate, refuseEvidence } from './authenticate.ts';
import type { AnsweredChallenge, AuthenticationNeeds } from './authenticate.ts';
import { grantOrRefuse } from './issueLicence.ts';
import type { GrantNeeds } from './issueLicence.ts';
import { findSet } from './readKeySets.ts';

/** Milliseconds: for so long after its document was made a request may be carried to the service. */
const MAX_AGE = 7 * 86_400_000;

export interface OfflineNeeds extends AuthenticationNeeds, GrantNeeds {
  readonly keySets: GrantNeeds['keySets'] & Pick<KeySets, 'read'>;
}

/** Who asks is known already: an operator. */
export interface OfflineContext {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly log: Log;
}

/**
 * `POST /operator/v1/offline-activations`: a licence for a VM whose request came as a file. It is decided as if the VM had
 * asked when its document was made, but that no denial is signed.
 *
 * @throws {RequestError} `proof_invalid`, `request_malformed`, `not_found`, `rate_limited`
 * @throws {RefusedReply} for the evidence, or by a decision
 */
export function createActivateOffline(
  needs: OfflineNeeds,
): (body: OfflineRequestBody, context: OfflineContext) => Promise<OfflineLicence> {
  return async (body, { at, log }) => {
    const proved = checkProof(needs, body);
    const madeAt = await readAge(needs, body, { at, log });
    const challenge = standIn(proved, madeAt);
    // Before anything is spent: a licence without its key set would be lost.
    const { token: keySet } = findSet(...chooseRoot(await needs.keySets.read(at), body.rootKeys));
    const authentication = await authenticate(needs, { log }, { body, challenge, at, judgedAt: madeAt });
    if (!authentication.accepted) throw new RefusedReply(authentication.refusal);
    const issued = await grantOrRefuse(needs, authentication.authentic, body);
    if (!issued.granted) throw new RefusedReply(issued.refusal);
    return { licence: issued.licence, keySet };
  };
}

type Proved = Extract<ReturnType<typeof checkOfflineProof>, { ok: true }>;

/** @throws {RequestError} */
function checkProof({ issuer }: OfflineNeeds, { document, proof }: OfflineRequestBody): Proved {
  const octets = decodeBase64(document.signature);
  if (octets === null) throw new RequestError('request_malformed', '"document.signature" is not canonical base64.');
  const audience = `${issuer}${OPERATOR_ENDPOINTS.activateOffline.path}`;
  const proved = checkOfflineProof(proof, { audience, document: octets });
  if (proved.ok) return proved;
  throw new RequestError(
    proved.code,
    'The file was changed, or it is for another service. Send it as the VM wrote it, to the service that its issuer names.',
  );
}

/**
 * When the document says that it was made: then it is judged, so that a certificate may have ended on the way. What it says
 * is true only if the document is genuine, which is found out after this.
 *
 * @returns milliseconds since the epoch; now where it does not say, and is refused for that
 * @throws {RefusedReply} `document_too_old`, `document_not_yet_valid`
 */
async function readAge(
  needs: OfflineNeeds,
  { document }: OfflineRequestBody,
  { at, log }: OfflineContext,
): Promise<number> {
  const createdOn = readUnverified(document.signature)?.createdOn ?? null;
  const facts = createdOn === null ? null : judgeAge(createdOn, at, needs.policy.clockSkew);
  if (facts === null) return createdOn ?? at;
  const checks = [{ name: 'time', outcome: 'failed', facts }] as const;
  const refused = { code: facts.code, checks, isByFile: true };
  throw new RefusedReply(await refuseEvidence(needs, log, refused, at));
}

function judgeAge(createdOn: number, at: number, clockSkew: number) {
  if (createdOn > at + clockSkew) return { code: 'document_not_yet_valid', createdOn, at } as const;
  if (at - createdOn <= MAX_AGE + clockSkew) return null;
  return { code: 'document_too_old', createdOn, at, maximumAge: MAX_AGE } as const;
}

/** There was no challenge: the document's own time and the proof's `jti` order the requests of a VM, and are spent. */
function standIn({ jkt, jti, product }: Proved, madeAt: number): AnsweredChallenge {
  const nonce = nonceFromDigest(hash('sha256', offlineNonceInput(jkt), 'buffer'), 'base32');
  return { claims: { ms: madeAt, jti, jkt }, nonce, proof: null, byFile: { product } };
}

/** The first root key in force that the VM believes. */
function chooseRoot(roots: readonly RootState[], believed: readonly string[] | undefined) {
  const found = believed?.find((pin) => roots.some(({ thumbprint }) => thumbprint === pin));
  return [roots, found ?? believed?.[0]] as const;
}
