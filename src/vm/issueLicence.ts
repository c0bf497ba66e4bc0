import { randomUUID } from 'node:crypto';
import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import { formatInstant } from '../contract/instants.ts';
import type { LicenceResponse } from '../contract/wire.ts';
import { activate } from '../seats/activate.ts';
import type { ActivationOutcome } from '../seats/activate.ts';
import { readDecision } from '../decisions/decide.ts';
import { licenceTimes } from '../catalogue/entitlement.ts';
import type { Entitlement, LicenceTimes } from '../catalogue/entitlement.ts';
import type { Catalogue } from '../catalogue/store.ts';
import { MAX_ANSWER } from '../seats/lease.ts';
import { seatOptions } from '../seats/seatOptions.ts';
import type { SeatNeeds } from '../seats/seatOptions.ts';
import type { SeatStore } from '../seats/store.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import { licenceClaims } from '../tokens/licenceClaims.ts';
import { signLicence } from '../tokens/licences.ts';
import { authenticate, checkChallenge } from './authenticate.ts';
import type { AuthenticRequest, AuthenticationNeeds, ChallengeCheckNeeds } from './authenticate.ts';
import type { EdgeRequest, Reply } from '../http/edge.ts';
import { replyJson } from '../http/problems.ts';
import { recordDecision } from './recordDecision.ts';
import { refuseLicence } from './refuseLicence.ts';
import type { RefusalNeeds } from './refuseLicence.ts';
import { licenceRequestSchema, readJsonBody } from './requestBody.ts';
import type { LicenceRequestBody } from './requestBody.ts';

export interface LicenceNeeds extends ChallengeCheckNeeds, AuthenticationNeeds, RefusalNeeds, SeatNeeds {
  readonly catalogue: Catalogue;
  readonly keySets: Pick<KeySets, 'readLife' | 'readSigner'>;
  readonly store: RefusalNeeds['store'] & SeatStore;
}

/**
 * `POST /v1/licences`. Cheap refusals first: no ASN.1 and no RSA for strangers, no store for evidence that is not
 * authentic. The challenge is spent by the write that gives the licence, and by nothing else.
 */
export async function issueLicence(needs: LicenceNeeds, request: EdgeRequest): Promise<Reply> {
  const body = await readJsonBody(request, licenceRequestSchema);
  const at = needs.now();
  const challenge = await checkChallenge(needs, body, { endpoint: VM_ENDPOINTS.issueLicence.path, at });
  const authentication = await authenticate(needs, request, { body, challenge, at });
  if (!authentication.accepted) return authentication.refusal;
  return grantOrRefuse(needs, authentication.authentic, body);
}

async function grantOrRefuse(
  needs: LicenceNeeds,
  authentic: AuthenticRequest,
  body: LicenceRequestBody,
): Promise<Reply> {
  const { attestation, challenge, at } = authentic;
  const claimedOffer = body.offer;
  const claim = { attestation, claimedOffer, keyBound: challenge.jkt !== undefined, at };
  const decision = await readDecision(needs.catalogue, claim);
  if (!decision.granted) return refuseLicence(needs, authentic, { ...decision, claimedOffer });
  const { entitlement } = decision;
  const { plan, licenceId } = entitlement;
  const times = licenceTimes(entitlement, at, await needs.keySets.readLife(at));
  const issue = { entitlement, times, licenceJti: randomUUID() };
  // Signed before the seat is taken and given out only after it: what cannot be signed spends nothing.
  const licence = await signGranted(needs, authentic, issue);
  const outcome = await takeSeat(needs, authentic, issue, body);
  if (!outcome.granted) {
    const { code, inGrace } = outcome;
    return refuseLicence(needs, authentic, { code, plan, licenceId, claimedOffer, inGrace });
  }
  await recordGrant(needs, authentic, { licenceId, claimedOffer }, outcome);
  checkInTime(needs, at);
  return replyLicence(licence, issue.times);
}

/** The licence that is to be issued. */
interface Issue {
  readonly entitlement: Entitlement;
  readonly times: LicenceTimes;
  readonly licenceJti: string;
}

/**
 * Slow calls in a row may have let the operators' word grow older than it may be. The VM is known by now, and comes again.
 *
 * @throws {StoreUnavailableError}
 */
function checkInTime({ now }: LicenceNeeds, at: number): void {
  if (now() - at > MAX_ANSWER) throw new StoreUnavailableError('The store took too long for this licence.');
}

function takeSeat(
  needs: LicenceNeeds,
  { challenge, attestation, vm, at }: AuthenticRequest,
  { entitlement, times, licenceJti }: Issue,
  { client, label }: LicenceRequestBody,
): Promise<ActivationOutcome> {
  const { vmId, sku } = vm;
  const { ms, jti, jkt } = challenge;
  const said = { client, label };
  const { region } = attestation;
  const request = { vmId, jkt, challenge: { ms, jti }, licenceJti, region, sku, ...said, at, times };
  return activate(needs.store, entitlement, request, seatOptions(needs, at));
}

/** First issues and changes of key have an audit row; plain renewals are a line of the log. */
async function recordGrant(
  needs: LicenceNeeds,
  authentic: AuthenticRequest,
  decided: { readonly licenceId: string; readonly claimedOffer: string | undefined },
  { first, keyChanged }: Extract<ActivationOutcome, { granted: true }>,
): Promise<void> {
  const code = first ? 'licence_issued' : 'key_changed_accepted';
  const decisionId = first || keyChanged ? await recordDecision(needs, authentic, { ...decided, code }) : undefined;
  const { cloud, subscriptionId, vmId } = authentic.vm;
  const { region } = authentic.attestation;
  const facts = { licenceId: decided.licenceId, cloud, region, vmId, subscriptionId, first, keyChanged, decisionId };
  authentic.log('info', 'licence_issued', facts);
}

async function signGranted(
  { issuer, keySets }: LicenceNeeds,
  { attestation, challenge, at }: AuthenticRequest,
  { entitlement, times, licenceJti: jti }: Issue,
): Promise<string> {
  const { licenceId, plan, features } = entitlement;
  const { expiresAt, renewAfter, graceUntil } = times;
  const { publisher, product, name: planName } = plan;
  const grant = { licenceId, publisher, product, planName, features, issuedAt: at, expiresAt, renewAfter, graceUntil };
  const key = challenge.jkt === undefined ? {} : { jkt: challenge.jkt };
  const claims = licenceClaims({ issuer, attested: attestation, grant, jti, ...key });
  return signLicence(claims, await keySets.readSigner(at));
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
