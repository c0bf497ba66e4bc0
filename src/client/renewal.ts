import { formatInstant } from '../contract/instants.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import type { AttestedDocumentResponse, LicenceRequest } from '../contract/wire.ts';
import { BackOff } from './backOff.ts';
import type { Challenge } from './challenge.ts';
import { ClientError } from './clientError.ts';
import { verifyDenial } from './denial.ts';
import type { KeySet } from './keySet.ts';
import { checkFresh, verifyLicence } from './licence.ts';
import { troubleOfError, troubleOfProblem } from './outcome.ts';
import type { Trouble } from './outcome.ts';
import type { ServiceProblem } from './problem.ts';
import { signProof } from './proof.ts';
import {
  challengeRequest,
  keySetRequest,
  licenceAudience,
  licenceRequest,
  processChallengeResponse,
  processKeySetResponse,
  processLicenceResponse,
} from './service.ts';
import type { Processed } from './service.ts';
import type { ServiceConnection } from './serviceRequest.ts';
import type { Session } from './session.ts';

/** How an attempt to have a new licence ended. */
export type Renewal =
  | { readonly outcome: 'issued'; readonly token: string; readonly claims: LicenceClaims; readonly keySet: KeySet }
  /** A signed denial of our own challenge; `code` is the signed one. */
  | { readonly outcome: 'denied'; readonly code: string; readonly problem: ServiceProblem }
  | { readonly outcome: 'failed'; readonly trouble: Trouble };

/** One round ends like a renewal, or in a problem or an error that may be worth another round. */
type Round =
  | Exclude<Renewal, { outcome: 'failed' }>
  | { readonly outcome: 'problem'; readonly problem: ServiceProblem }
  | { readonly outcome: 'error'; readonly error: ClientError };

/** What a renewal is about. */
export interface RenewalSubject {
  readonly vmId: string;
  /** The key set beside the licence at hand, for when the service's cannot be fetched. */
  readonly keptKeySet: KeySet | undefined;
  /** By the monotonic clock, in milliseconds: no new round starts after it. */
  readonly deadline: number;
}

/** How often a challenge that came too late, or that another process of this VM overtook, is replaced by a new one. */
const MOST_FRESH_STARTS = 3;
const FRESH_START_CODES: readonly string[] = ['challenge_expired', 'challenge_replayed'];

/** Challenge, evidence, licence: again from the start where the service asks for it or is not to be reached. */
export async function renewLicence(session: Session, subject: RenewalSubject): Promise<Renewal> {
  const { report, surroundings } = session.settings;
  const backOff = new BackOff(surroundings);
  for (let freshStarts = 0; ;) {
    const round = await runRound(session, subject);
    if (round.outcome === 'issued' || round.outcome === 'denied') return round;
    if (isFreshStart(round) && freshStarts < MOST_FRESH_STARTS) {
      freshStarts += 1;
      report({ step: 'starting_over', times: freshStarts });
      continue;
    }
    const pause = isOutage(round) ? backOff.next(subject.deadline, retryAfter(round)) : undefined;
    if (pause === undefined) return { outcome: 'failed', trouble: troubleOf(round) };
    report({ step: 'waiting', for: 'service', milliseconds: pause });
    await surroundings.sleep(pause);
  }
}

async function runRound(session: Session, subject: RenewalSubject): Promise<Round> {
  try {
    const round = await exchange(session, subject);
    if (round.outcome === 'problem') {
      const { status, code } = round.problem;
      session.settings.report({ step: 'problem', status, code });
    }
    return round;
  } catch (error) {
    if (error instanceof ClientError) return { outcome: 'error', error };
    throw error;
  }
}

async function exchange(session: Session, subject: RenewalSubject): Promise<Round> {
  const challenge = await obtainChallenge(session);
  if (!challenge.ok) return { outcome: 'problem', problem: challenge.problem };
  const document = await session.imds.readDocument(challenge.value.nonce, subject.deadline);
  const keySet = await obtainKeySet(session, subject);
  if (!keySet.ok) return { outcome: 'problem', problem: keySet.problem };
  const request = await composeRequest(session, challenge.value, document);
  const answer = processLicenceResponse(await licenceRequest(connectionOf(session), request));
  if (!answer.ok) return judgeRefusal(session, subject, challenge.value, keySet.value, answer.problem);
  const claims = await verifyIssued(session, subject, keySet.value, answer.value);
  return { outcome: 'issued', token: answer.value, claims, keySet: keySet.value };
}

async function obtainChallenge(session: Session): Promise<Processed<Challenge>> {
  const { key, settings } = session;
  const answer = await challengeRequest(connectionOf(session), { key: key.jwk });
  const challenge = processChallengeResponse(answer, { issuer: settings.issuer, thumbprint: key.thumbprint });
  if (challenge.ok) settings.report({ step: 'challenge' });
  return challenge;
}

/** Before the evidence is sent, because that spends the challenge: a licence that cannot be verified would be lost. */
async function obtainKeySet(session: Session, { keptKeySet }: RenewalSubject): Promise<Processed<KeySet>> {
  const { keySet, report } = session.settings;
  if (keySet !== undefined) {
    report({ step: 'key_set', from: 'options' });
    return { ok: true, value: keySet };
  }
  try {
    const fetched = await processKeySetResponse(await keySetRequest(connectionOf(session)));
    if (fetched.ok) report({ step: 'key_set', from: 'service' });
    if (fetched.ok || keptKeySet === undefined) return fetched;
  } catch (error) {
    if (keptKeySet === undefined || !isUnreachable(error)) throw error;
  }
  report({ step: 'key_set', from: 'cache' });
  return { ok: true, value: keptKeySet };
}

async function composeRequest(
  { key, settings }: Session,
  challenge: Challenge,
  document: AttestedDocumentResponse,
): Promise<LicenceRequest> {
  const proof = await signProof(key, licenceAudience(settings.issuer), challenge.jti);
  const request = { challenge: challenge.token, document, proof, client: settings.client };
  return settings.claimedProduct === undefined ? request : { ...request, offer: settings.claimedProduct };
}

async function verifyIssued(
  { key, settings }: Session,
  { vmId }: RenewalSubject,
  keySet: KeySet,
  token: string,
): Promise<LicenceClaims> {
  const { issuer, product, report, surroundings } = settings;
  const claims = await verifyLicence(token, keySet, { issuer, product, thumbprint: key.thumbprint, vmId });
  checkFresh(claims, surroundings.now());
  report({ step: 'licence', id: claims.licence.id, expiresAt: formatInstant(claims.exp * 1000) });
  return claims;
}

/** A denial that cannot be believed is as if there were none: the refusal stays, and grace with it. */
async function judgeRefusal(
  { settings }: Session,
  { vmId }: RenewalSubject,
  challenge: Challenge,
  keySet: KeySet,
  problem: ServiceProblem,
): Promise<Round> {
  if (problem.denial === undefined) return { outcome: 'problem', problem };
  const { issuer, product, surroundings } = settings;
  const expected = { issuer, product, vmId, challengeId: challenge.jti, now: surroundings.now() };
  try {
    return { outcome: 'denied', code: await verifyDenial(problem.denial, keySet, expected), problem };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    settings.report({ step: 'denial_ignored', why: error.message });
    return { outcome: 'problem', problem };
  }
}

function connectionOf({ settings }: Session): ServiceConnection {
  return { issuer: settings.issuer, surroundings: settings.surroundings };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'service_unreachable';
}

type FailedRound = Extract<Round, { outcome: 'problem' | 'error' }>;

function isFreshStart(round: FailedRound): boolean {
  return round.outcome === 'problem' && FRESH_START_CODES.includes(round.problem.code);
}

/** Only what time may cure is tried again here; IMDS has been given its time already. */
function isOutage(round: FailedRound): boolean {
  if (round.outcome === 'error') return isUnreachable(round.error);
  return round.problem.status === 429 || round.problem.status >= 500;
}

function retryAfter(round: FailedRound): number | undefined {
  return round.outcome === 'problem' ? round.problem.retryAfter : undefined;
}

function troubleOf(round: FailedRound): Trouble {
  return round.outcome === 'problem' ? troubleOfProblem(round.problem) : troubleOfError(round.error);
}
