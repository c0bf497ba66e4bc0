import { randomUUID } from 'node:crypto';
import { attestedVm } from '../contract/attestation.ts';
import type { AttestedVm, Check, Verification } from '../contract/attestation.ts';
import type { ChallengeClaims } from '../contract/claims.ts';
import type { EvidenceCode } from '../contract/codes.ts';
import type { ByFile } from '../decisions/decide.ts';
import type { Challenges } from '../tokens/challenges.ts';
import { checkProof } from '../tokens/proofs.ts';
import type { IssuerNotes } from '../trust/live/issuerNotes.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import { verifyEvidence } from '../verifier/verifyEvidence.ts';
import type { EdgeRequest, Log, Reply } from '../http/edge.ts';
import { replyProblem } from '../http/problems.ts';
import { RequestError } from '../http/requestError.ts';
import { adviseByFile } from './adviseByFile.ts';
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

/** What is spent when a licence is issued, and the key that was proved. */
export type SpentChallenge = Pick<ChallengeClaims, 'ms' | 'jti' | 'jkt'>;

/** A challenge of this service, whose key, if it names one, was proved; or what stands for one in a request by file. */
export interface AnsweredChallenge {
  readonly claims: SpentChallenge;
  readonly nonce: string;
  /**
   * The proof that was verified, as it was sent; `null` where the challenge names no key, and by file: a denial answers a
   * proof, and to a file there is none.
   */
  readonly proof: string | null;
  /** `null` where the VM asks itself. */
  readonly byFile: ByFile | null;
}

/** A request whose evidence is Azure's word for this very challenge. */
export interface AuthenticRequest extends Pick<AnsweredChallenge, 'proof' | 'byFile'> {
  readonly challenge: SpentChallenge;
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
export function checkChallenge(
  { challenges, issuer }: ChallengeCheckNeeds,
  { challenge, proof }: EvidenceBody,
  { endpoint, at }: { readonly endpoint: string; readonly at: number },
): AnsweredChallenge {
  const checked = challenges.check(challenge, at);
  if (!checked.ok) throw new RequestError(checked.code);
  const { claims, nonce } = checked;
  const { jkt, jti: challengeJti } = claims;
  // Without a key in the challenge there is nothing that a proof could prove.
  if (jkt === undefined) return { claims, nonce, proof: null, byFile: null };
  if (proof === undefined) throw new RequestError('proof_required');
  const proved = checkProof(proof, { jkt, audience: `${issuer}${endpoint}`, challengeJti });
  if (!proved.ok) throw new RequestError(proved.code);
  return { claims, nonce, proof, byFile: null };
}

export type Authentication =
  | { readonly accepted: true; readonly authentic: AuthenticRequest }
  | { readonly accepted: false; readonly refusal: Reply };

/** What is to be authenticated. Times are milliseconds since the epoch. */
export interface Unauthenticated {
  readonly body: Pick<EvidenceBody, 'document'>;
  readonly challenge: AnsweredChallenge;
  /** When it came. */
  readonly at: number;
  /** When the evidence is judged, where that is not now: who says so has judged its age. */
  readonly judgedAt?: number;
}

/**
 * Verifies the evidence, then applies the limits of its subscription and VM: before any row is written or any denial
 * signed for them.
 *
 * @throws {RequestError} `rate_limited`
 * @throws {StoreUnavailableError} what operators distrust cannot be read
 */
export async function authenticate(
  needs: AuthenticationNeeds,
  { log }: Pick<EdgeRequest, 'log'>,
  { body, challenge, at, judgedAt = at }: Unauthenticated,
): Promise<Authentication> {
  const trust = await needs.trust.read(at, log);
  const { policy } = needs;
  const { claims, nonce, ...told } = challenge;
  const verification = verifyEvidence(body.document.signature, { trust, policy, nonce, at: judgedAt });
  if (!verification.accepted) {
    const refused = { ...verification, isByFile: challenge.byFile !== null };
    return { accepted: false, refusal: await refuseEvidence(needs, log, refused, at) };
  }
  const vm = attestedVm(verification.result);
  checkLimits(needs, vm, at);
  return { accepted: true, authentic: { ...told, challenge: claims, vm, checks: verification.checks, at, log } };
}

/** @throws {RequestError} `rate_limited` */
function checkLimits({ authenticLimit }: AuthenticationNeeds, vm: AttestedVm, at: number): void {
  const wait = authenticLimit(vm, at);
  if (wait > 0) throw new RequestError('rate_limited', null, wait);
}

export interface RefusedEvidence extends Pick<Extract<Verification, { accepted: false }>, 'code' | 'checks'> {
  readonly isByFile: boolean;
}

/** Anybody can send this: it is a line of the log, and never a row of the store, but for the bounded notes on issuers. */
export async function refuseEvidence(
  { issuer, issuerNotes }: Pick<AuthenticationNeeds, 'issuer' | 'issuerNotes'>,
  log: Log,
  { code, checks, isByFile }: RefusedEvidence,
  at: number,
): Promise<Reply> {
  const correlationId = randomUUID();
  const level = ALARMS.includes(code) ? 'error' : 'info';
  const { name: check, detail, facts } = checks.find(({ outcome }) => outcome === 'failed') ?? {};
  const cloud = facts !== undefined && 'cloud' in facts ? { cloud: facts.cloud } : {};
  log(level, 'evidence_refused', { code, correlationId, ...cloud, check, detail, facts });
  if (facts?.code === 'issuer_unknown') await issuerNotes(facts, at, log);
  return replyProblem(issuer, code, { detail: isByFile ? adviseByFile(code) : null, correlationId });
}

/** What an operator must look at at once: a change of Azure's CAs, a package without its certificates, a broken reader. */
const ALARMS: readonly EvidenceCode[] = ['issuer_unknown', 'issuer_certificate_missing', 'readings_differ'];
