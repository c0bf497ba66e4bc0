import { randomUUID } from 'node:crypto';
import { readIssuer } from '../contract/attestation.ts';
import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import { formatInstant } from '../contract/instants.ts';
import type { LicenceResponse } from '../contract/wire.ts';
import { activate } from '../seats/activate.ts';
import type { ActivationOutcome } from '../seats/activate.ts';
import type { Activation } from '../seats/activation.ts';
import { licenceTimes } from '../catalogue/entitlement.ts';
import type { Entitlement, LicenceTimes } from '../catalogue/entitlement.ts';
import { MAX_ANSWER } from '../seats/lease.ts';
import { chooseEntitlement } from '../seats/moves.ts';
import { seatOptions } from '../seats/seatOptions.ts';
import type { SeatNeeds } from '../seats/seatOptions.ts';
import type { IssueStore } from '../decisions/store.ts';
import type { SeatStore } from '../seats/store.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import { licenceClaims } from '../tokens/licenceClaims.ts';
import { signLicence } from '../tokens/licences.ts';
import { authenticate, checkChallenge } from './authenticate.ts';
import type { AuthenticRequest, AuthenticationNeeds, ChallengeCheckNeeds } from './authenticate.ts';
import type { Reply, UseCase } from '../http/edge.ts';
import { replyJson } from '../http/problems.ts';
import { findIssued } from './findIssued.ts';
import { findEntitlement } from './findEntitlement.ts';
import type { EntitlementNeeds } from './findEntitlement.ts';
import { recordDecision } from './recordDecision.ts';
import type { Decided } from './recordDecision.ts';
import { refuseLicence } from './refuseLicence.ts';
import type { Refusal, RefusalNeeds } from './refuseLicence.ts';
import { licenceRequestSchema, readJsonBody } from './requestBody.ts';
import type { LicenceRequestBody } from './requestBody.ts';

export interface GrantNeeds extends RefusalNeeds, SeatNeeds, EntitlementNeeds {
  readonly keySets: Pick<KeySets, 'readLife' | 'readSigner'>;
  readonly catalogue: EntitlementNeeds['catalogue'] & RefusalNeeds['catalogue'];
  readonly store: EntitlementNeeds['store'] & SeatStore & Pick<IssueStore, 'countIssue'>;
}

export type LicenceNeeds = GrantNeeds & ChallengeCheckNeeds & AuthenticationNeeds;

/**
 * `POST /v1/licences`. Cheap refusals first: no ASN.1 and no RSA for strangers, no store for evidence that is not
 * authentic. The challenge is spent by the write that gives the licence, and by nothing else.
 */
export function issueLicence(needs: LicenceNeeds): UseCase {
  return async (request) => {
    const body = await readJsonBody(request, licenceRequestSchema);
    const at = needs.now();
    const challenge = checkChallenge(needs, body, { endpoint: VM_ENDPOINTS.issueLicence.path, at });
    const authentication = await authenticate(needs, request, { body, challenge, at });
    if (!authentication.accepted) return authentication.refusal;
    const outcome = await grantOrRefuse(needs, authentication.authentic, body);
    return outcome.granted ? replyLicence(outcome) : outcome.refusal;
  };
}

/** What a VM asks for, and says of itself. */
export type Wishes = Pick<LicenceRequestBody, 'offer' | 'claim' | 'client' | 'label'>;

export type Issued =
  | { readonly granted: true; readonly licence: string; readonly times: LicenceTimes }
  | { readonly granted: false; readonly refusal: Reply };

/**
 * Decides on authentic evidence: entitlement, seat, key, audit row.
 *
 * @throws {RequestError} `rate_limited`
 * @throws {StoreUnavailableError}
 * @throws {SigningKeyUnavailableError}
 * @throws {KeySetMissingError}
 */
export async function grantOrRefuse(needs: GrantNeeds, authentic: AuthenticRequest, body: Wishes): Promise<Issued> {
  const refuse = async (refusal: Refusal): Promise<Issued> => ({
    granted: false,
    refusal: await refuseLicence(needs, authentic, refusal),
  });
  const { at } = authentic;
  const { offer: claimedOffer } = body;
  const found = await findEntitlement(needs, authentic, body);
  if (!found.granted) return refuse({ ...found, claimedOffer });
  const choice = { entitlement: found.entitlement, staying: found.leaving };
  const entitlement = await chooseEntitlement(needs.store, choice, authentic.vm.vmId, at);
  if (entitlement === null) {
    if (found.refused === null) throw new Error('A VM that is entitled to nothing is refused for a reason.');
    return refuse({ ...found.refused, claimedOffer });
  }
  const life = await needs.keySets.readLife(at);
  const times = licenceTimes(entitlement, at, life);
  const granted = { entitlement, times, issuedAt: at, jti: randomUUID() };
  const { outcome, licence } = await takeSeat(needs, authentic, granted, body);
  if (!outcome.granted) {
    const again = await findIssued(needs.store, authentic, { entitlement, life });
    if (again !== null) {
      const { times: earlier, over, jti } = again;
      const signed = await signGranted(needs, authentic, again, over);
      const { offer, licenceId } = entitlement;
      logGrant(authentic, { code: 'licence_issued', correlationId: jti, offer, licenceId });
      return { granted: true, licence: signed, times: earlier };
    }
    const { plan, offer, licenceId } = entitlement;
    const { code, inGrace } = outcome;
    return refuse({ code, plan, offer, licenceId, claimedOffer, inGrace });
  }
  const { offer, licenceId } = entitlement;
  await recordGrant(needs, authentic, { offer, licenceId, claimedOffer, jti: granted.jti }, outcome);
  checkInTime(needs, at);
  countIssue(needs, authentic);
  return { granted: true, licence, times };
}

/** Before a CA is distrusted, operators want to know how many VMs come with documents under it. */
function countIssue({ store }: GrantNeeds, { vm: { cloud }, checks, at }: AuthenticRequest): void {
  const issuer = readIssuer(checks);
  if (issuer !== null) store.countIssue({ cloud, issuer, at });
}

/** The licence that is to be issued. */
interface GrantedLicence {
  readonly entitlement: Entitlement;
  readonly times: LicenceTimes;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly jti: string;
}

async function signGranted(
  { issuer, keySets }: GrantNeeds,
  { vm, challenge, at }: AuthenticRequest,
  granted: GrantedLicence,
  over: boolean,
): Promise<string> {
  const claims = licenceClaims({ ...granted, over, issuer, vm, jkt: challenge.jkt });
  return signLicence(claims, await keySets.readSigner(at));
}

/** Signs before the seat is taken: what cannot be signed spends nothing. It is signed again if the seat makes it say else. */
async function takeSeat(
  needs: GrantNeeds,
  authentic: AuthenticRequest,
  granted: GrantedLicence,
  { client, label }: Wishes,
): Promise<{ readonly outcome: ActivationOutcome; readonly licence: string }> {
  const { challenge, vm, at } = authentic;
  const { entitlement, times, jti: licenceJti } = granted;
  const { vmId, cloud, subscriptionId, sku, region } = vm;
  const { ms, jti, jkt } = challenge;
  const own = { vmId, cloud, subscriptionId, sku, region };
  const request = { ...own, jkt, challenge: { ms, jti }, licenceJti, client, label, at, times };
  const signed = { licence: '', over: false };
  const prepare = async (_: Activation, over: boolean) => {
    if (signed.licence !== '' && signed.over === over) return;
    Object.assign(signed, { licence: await signGranted(needs, authentic, granted, over), over });
  };
  const outcome = await activate(needs.store, entitlement, request, { ...seatOptions(needs, at), prepare });
  return { outcome, licence: signed.licence };
}

/**
 * First issues, changes of key and licences by file have an audit row, whose id the line has; plain renewals are a line of
 * the log, which has the licence's own id (`jti`).
 */
async function recordGrant(
  needs: GrantNeeds,
  authentic: AuthenticRequest,
  { jti, ...decided }: Pick<Decided, 'offer' | 'licenceId' | 'claimedOffer'> & { readonly jti: string },
  { first, keyChanged }: Extract<ActivationOutcome, { granted: true }>,
): Promise<void> {
  const code = keyChanged && !first ? 'key_changed_accepted' : 'licence_issued';
  const isRecorded = first || keyChanged || authentic.byFile !== null;
  const correlationId = isRecorded ? await recordDecision(needs, authentic, { ...decided, code }) : jti;
  logGrant(authentic, { code, correlationId, ...decided, ...(first && { first }) });
}

function logGrant(
  { log, vm: { cloud, region, vmId, subscriptionId }, byFile }: AuthenticRequest,
  { code, correlationId, offer, licenceId, first }: Granted,
): void {
  const facts = { code, correlationId, offer, licenceId, cloud, vmId, subscriptionId };
  const told = first === true ? { ...facts, region, first } : facts;
  log('info', 'licence_issued', byFile === null ? told : { ...told, byFile: true });
}

interface Granted extends Pick<Decided, 'code' | 'offer' | 'licenceId'> {
  readonly correlationId: string;
  readonly first?: boolean;
}

/**
 * After slow calls, the offer and licence that were read may be older than operators are promised. The VM has its seat by
 * now, and gets the licence when it retries.
 *
 * @throws {StoreUnavailableError}
 */
function checkInTime({ now }: GrantNeeds, at: number): void {
  if (now() - at > MAX_ANSWER) throw new StoreUnavailableError('The store took too long for this licence.');
}

function replyLicence({ licence, times: { expiresAt, renewAfter } }: Extract<Issued, { granted: true }>): Reply {
  const wholeSecond = (instant: number) => formatInstant(Math.floor(instant / 1000) * 1000);
  const response: LicenceResponse = {
    licence,
    expiresAt: wholeSecond(expiresAt),
    renewAfter: wholeSecond(renewAfter),
  };
  return replyJson(200, response);
}
