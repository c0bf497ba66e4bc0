import { randomUUID } from 'node:crypto';
import type { AttestationResult, Check, Verification } from '../contract/attestation.ts';
import type { ChallengeClaims } from '../contract/claims.ts';
import type { ChallengeCode, EvidenceCode, LicenceCode } from '../contract/codes.ts';
import { ENDPOINTS } from '../contract/endpoints.ts';
import { formatInstant } from '../contract/instants.ts';
import type { LicenceResponse } from '../contract/wire.ts';
import { activate } from '../licensing/activate.ts';
import { readDecision } from '../licensing/decide.ts';
import { licenceTimes } from '../licensing/entitlement.ts';
import type { Entitlement, LicenceTimes } from '../licensing/entitlement.ts';
import { licenceClaims } from '../tokens/licenceClaims.ts';
import { signLicence } from '../tokens/licences.ts';
import { checkProof } from '../tokens/proofs.ts';
import { verifyEvidence } from '../verifier/verifyEvidence.ts';
import { checkRate } from './checkRate.ts';
import type { EdgeRequest, Log, Reply } from './edge.ts';
import type { Parts } from './parts.ts';
import { replyJson, replyProblem } from './problems.ts';
import { licenceRequestSchema, readJsonBody } from './requestBody.ts';
import type { LicenceRequestBody } from './requestBody.ts';
import { RequestError } from './requestError.ts';

/**
 * `POST /v1/licences`. Cheap refusals first: no ASN.1 and no RSA for strangers, no store for evidence that is not
 * authentic. The challenge is spent by the write that gives the licence, and by nothing else.
 */
export async function issueLicence(parts: Parts, request: EdgeRequest): Promise<Reply> {
  const body = await readJsonBody(request, licenceRequestSchema);
  checkRate(parts, request);
  const at = parts.now();
  const challenge = checkChallenge(parts, body, at);
  await checkPossession(parts, challenge.claims, body);
  const { trust, policy } = parts;
  const verification = verifyEvidence(body.document.signature, { trust, policy, nonce: challenge.nonce, at });
  if (!verification.accepted) return refuseEvidence(parts, request.log, verification);
  const { log } = request;
  return grantOrRefuse(parts, { body, challenge: challenge.claims, attestation: verification.result, at, log });
}

/** @throws {RequestError} `challenge_invalid` or `challenge_expired` */
function checkChallenge({ challenges }: Parts, { challenge }: LicenceRequestBody, at: number) {
  const checked = challenges.check(challenge, at);
  if (!checked.ok) throw new RequestError(checked.code);
  return checked;
}

/** @throws {RequestError} `proof_required` or `proof_invalid` */
async function checkPossession(
  { config }: Parts,
  { jkt, jti }: ChallengeClaims,
  { proof }: LicenceRequestBody,
): Promise<void> {
  // Without a key in the challenge there is nothing that a proof could prove.
  if (jkt === undefined) return;
  if (proof === undefined) throw new RequestError('proof_required');
  const checked = await checkProof(proof, {
    jkt,
    audience: `${config.ISSUER}${ENDPOINTS.licences}`,
    challengeJti: jti,
  });
  if (!checked.ok) throw new RequestError(checked.code);
}

interface AuthenticRequest {
  readonly body: LicenceRequestBody;
  readonly challenge: ChallengeClaims;
  readonly attestation: AttestationResult;
  readonly at: number;
  readonly log: Log;
}

async function grantOrRefuse(parts: Parts, authentic: AuthenticRequest): Promise<Reply> {
  const { attestation, challenge, body, at } = authentic;
  const claim = { attestation, claimedProduct: body.product, keyBound: challenge.jkt !== undefined, at };
  const decision = await readDecision(parts.catalogue, claim);
  if (!decision.granted) return refuseLicence(parts, authentic, decision.code);
  const { entitlement } = decision;
  const times = licenceTimes(entitlement, at);
  const outcome = await activate(parts.store, entitlement, {
    vmId: entitlement.vm.vmId,
    jkt: challenge.jkt,
    challenge: { ms: challenge.ms, jti: challenge.jti },
    region: attestation.region,
    sku: entitlement.vm.sku,
    client: body.client,
    at,
    times,
  });
  if (!outcome.granted) return refuseLicence(parts, authentic, outcome.code);
  const licence = await signGranted(parts, authentic, entitlement, times);
  logIssue(authentic, entitlement, outcome.first);
  return replyLicence(licence, times);
}

async function signGranted(
  { config, signer }: Parts,
  { attestation, challenge, at }: AuthenticRequest,
  { licenceId, plan, features }: Entitlement,
  { expiresAt, renewAfter, graceUntil }: LicenceTimes,
): Promise<string> {
  const { publisher, product, name: planName } = plan;
  const grant = { licenceId, publisher, product, planName, features, issuedAt: at, expiresAt, renewAfter, graceUntil };
  const key = challenge.jkt === undefined ? {} : { jkt: challenge.jkt };
  const claims = licenceClaims({ issuer: config.ISSUER, attested: attestation, grant, jti: randomUUID(), ...key });
  return signLicence(claims, signer);
}

function replyLicence(licence: string, { expiresAt, renewAfter }: LicenceTimes): Reply {
  const wholeSecond = (instant: number) => formatInstant(Math.floor(instant / 1000) * 1000);
  const response: LicenceResponse = {
    licence,
    expiresAt: wholeSecond(expiresAt),
    renewAfter: wholeSecond(renewAfter),
  };
  return replyJson(200, response);
}

function logIssue({ log, attestation }: AuthenticRequest, entitlement: Entitlement, first: boolean): void {
  const { cloud, region } = attestation;
  const { licenceId, vm } = entitlement;
  log('info', 'licence_issued', { licenceId, cloud, region, vmId: vm.vmId, subscriptionId: vm.subscriptionId, first });
}

/** Anybody can send this: it is a line of the log, and never a row of the store. */
function refuseEvidence(
  { config }: Parts,
  log: Log,
  { code, checks }: Extract<Verification, { accepted: false }>,
): Reply {
  const correlationId = randomUUID();
  const level = ALARMS.includes(code) ? 'error' : 'info';
  log(level, 'evidence_refused', { code, correlationId, ...failedCheck(checks) });
  return replyProblem(config.ISSUER, code, { correlationId });
}

/** What an operator must look at at once: a change of Azure's CAs, a package without its certificates, a broken reader. */
const ALARMS: readonly EvidenceCode[] = ['issuer_unknown', 'issuer_certificate_missing', 'readings_differ'];

function failedCheck(checks: readonly Check[]) {
  const failed = checks.find(({ outcome }) => outcome === 'failed');
  return { check: failed?.name, detail: failed?.detail };
}

function refuseLicence(
  { config }: Parts,
  { log, attestation: { cloud, subscriptionId, vmId, plan } }: AuthenticRequest,
  code: LicenceCode | Extract<ChallengeCode, 'challenge_replayed'>,
): Reply {
  const correlationId = randomUUID();
  log('info', 'licence_refused', { code, correlationId, cloud, subscriptionId, vmId, plan });
  return replyProblem(config.ISSUER, code, { correlationId });
}
