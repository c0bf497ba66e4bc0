import { randomUUID } from 'node:crypto';
import { attestedVm } from '../contract/attestation.ts';
import type { AttestedVm, Check, Verification } from '../contract/attestation.ts';
import type { ChallengeClaims } from '../contract/claims.ts';
import type { EvidenceCode } from '../contract/codes.ts';
import type { Challenges } from '../tokens/challenges.ts';
import { checkProof } from '../tokens/proofs.ts';
import type { IssuerNotes } from '../trust/live/issuerNotes.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import { verifyEvidence } from '../verifier/verifyEvidence.ts';
import type { EdgeRequest, Log, Reply } from '../http/edge.ts';
import { replyProblem } from '../http/problems.ts';
import { RequestError } from '../http/requestError.ts';
import type { AuthenticLimit } from './authenticLimit.ts';

export interface ChallengeCheckNeeds {
  readonly issuer: string;
  readonly challenges: Pick<Challenges, 'check'>;
}

export interface AuthenticationNeeds {
  readonly issuer: string;
  readonly trust: Pick<LiveTrust, 'read'>;
  readonly policy: EvidencePolicy;
  readonly authenticLimit: AuthenticLimit;
  readonly issuerNotes: IssuerNotes;
}

/** What every request of a VM brings. */
export interface EvidenceBody {
  readonly challenge: string;
  readonly document: { readonly signature: string };
  readonly proof?: string | undefined;
}

/** A challenge of this service, whose key, if it names one, was proved. */
export interface AnsweredChallenge {
  readonly claims: ChallengeClaims;
  readonly nonce: string;
  /** The proof that was verified, as it was sent; `null` where the challenge names no key. */
  readonly proof: string | null;
}

/** A request whose evidence is Azure's word for this very challenge. */
export interface AuthenticRequest {
  readonly challenge: ChallengeClaims;
  /** As in {@link AnsweredChallenge}. */
  readonly proof: string | null;
  /** What the evidence says. */
  readonly vm: AttestedVm;
  readonly checks: readonly Check[];
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  readonly log: Log;
}

/**
 * Checks the challenge, then the proof: one HMAC and one signature, before any ASN.1.
 *
 * @param endpoint the path that the proof was made for
 * @throws {RequestError} `challenge_invalid`, `challenge_expired`, `proof_required` or `proof_invalid`
 */
export async function checkChallenge(
  { challenges, issuer }: ChallengeCheckNeeds,
  { challenge, proof }: EvidenceBody,
  { endpoint, at }: { readonly endpoint: string; readonly at: number },
): Promise<AnsweredChallenge> {
  const checked = challenges.check(challenge, at);
  if (!checked.ok) throw new RequestError(checked.code);
  const { claims, nonce } = checked;
  const { jkt, jti: challengeJti } = claims;
  // Without a key in the challenge there is nothing that a proof could prove.
  if (jkt === undefined) return { claims, nonce, proof: null };
  if (proof === undefined) throw new RequestError('proof_required');
  const proved = await checkProof(proof, { jkt, audience: `${issuer}${endpoint}`, challengeJti });
  if (!proved.ok) throw new RequestError(proved.code);
  return { claims, nonce, proof };
}

export type Authentication =
  | { readonly accepted: true; readonly authentic: AuthenticRequest }
  | { readonly accepted: false; readonly refusal: Reply };

/**
 * Verifies the evidence, then applies the limits of its subscription and VM: before any row is written or any denial
 * signed for them.
 *
 * @throws {RequestError} `rate_limited`
 * @throws {StoreUnavailableError} what operators distrust cannot be read
 */
export async function authenticate(
  needs: AuthenticationNeeds,
  { log }: EdgeRequest,
  { body, challenge, at }: { readonly body: EvidenceBody; readonly challenge: AnsweredChallenge; readonly at: number },
): Promise<Authentication> {
  const trust = await needs.trust.read(at, log);
  const { policy } = needs;
  const verification = verifyEvidence(body.document.signature, { trust, policy, nonce: challenge.nonce, at });
  if (!verification.accepted) return { accepted: false, refusal: await refuseEvidence(needs, log, verification, at) };
  const vm = attestedVm(verification.result);
  checkLimits(needs, vm, at);
  const { claims, proof } = challenge;
  return { accepted: true, authentic: { challenge: claims, proof, vm, checks: verification.checks, at, log } };
}

/** @throws {RequestError} `rate_limited` */
function checkLimits({ authenticLimit }: AuthenticationNeeds, vm: AttestedVm, at: number): void {
  const wait = authenticLimit(vm, at);
  if (wait > 0) throw new RequestError('rate_limited', null, wait);
}

/** Anybody can send this: it is a line of the log, and never a row of the store, but for the bounded notes on issuers. */
async function refuseEvidence(
  { issuer, issuerNotes }: AuthenticationNeeds,
  log: Log,
  { code, checks }: Extract<Verification, { accepted: false }>,
  at: number,
): Promise<Reply> {
  const correlationId = randomUUID();
  const level = ALARMS.includes(code) ? 'error' : 'info';
  const { name: check, detail, facts } = checks.find(({ outcome }) => outcome === 'failed') ?? {};
  log(level, 'evidence_refused', { code, correlationId, check, detail, facts });
  if (facts?.code === 'issuer_unknown') await issuerNotes(facts, at, log);
  return replyProblem(issuer, code, { correlationId });
}

/** What an operator must look at at once: a change of Azure's CAs, a package without its certificates, a broken reader. */
const ALARMS: readonly EvidenceCode[] = ['issuer_unknown', 'issuer_certificate_missing', 'readings_differ'];
