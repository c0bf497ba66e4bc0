import { randomUUID } from 'node:crypto';
import { vmSubject } from '../contract/claims.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import { formatInstant } from '../contract/instants.ts';
import type { ReleaseResponse } from '../contract/wire.ts';
import { readReleaseTerms, releaseSeat } from '../seats/release.ts';
import type { ReleaseOutcome } from '../seats/release.ts';
import { verifyLicence } from '../tokens/licences.ts';
import { authenticate, checkChallenge } from './authenticate.ts';
import type { AuthenticRequest } from './authenticate.ts';
import type { EdgeRequest, Reply } from '../http/edge.ts';
import type { Parts } from '../app/parts.ts';
import { replyJson } from '../http/problems.ts';
import { recordDecision } from './recordDecision.ts';
import { refuseLicence } from './refuseLicence.ts';
import { readJsonBody, releaseRequestSchema } from './requestBody.ts';
import { RequestError } from '../http/requestError.ts';
import { boundSeats } from './boundSeats.ts';

const OTHER_KEY = 'Prove the key that the VM’s newest licence is bound to.';

/**
 * `POST /v1/releases`: a VM that is about to be deleted gives its seat back. Evidence, licence and activation must be of
 * one VM; challenge, licence and activation of one key.
 */
export async function releaseLicence(parts: Parts, request: EdgeRequest): Promise<Reply> {
  const body = await readJsonBody(request, releaseRequestSchema);
  const at = parts.now();
  const challenge = await checkChallenge(parts, body, { endpoint: VM_ENDPOINTS.releaseLicence.path, at });
  const { jkt } = challenge.claims;
  if (jkt === undefined) throw new RequestError('proof_required', 'Ask for the challenge with the key of the licence.');
  const licence = await checkLicence(parts, body.licence, { jkt, at });
  const authentication = await authenticate(parts, request, { body, challenge, at });
  if (!authentication.accepted) return authentication.refusal;
  checkVm(licence, authentication.authentic);
  return giveBack(parts, authentication.authentic, { licence, jkt });
}

/** @throws {RequestError} */
async function checkLicence(
  { config, keySets }: Parts,
  token: string,
  { jkt, at }: { readonly jkt: string; readonly at: number },
): Promise<LicenceClaims> {
  const { keys } = await keySets.readPublished(at);
  const expected = { issuer: config.ISSUER, audience: null, at };
  const verified = await verifyLicence(token, { keys }, expected);
  if (!verified.ok && verified.reason === 'expired') {
    throw new RequestError('request_malformed', 'The licence has expired: its seat is freed automatically.');
  }
  if (!verified.ok) throw new RequestError('request_malformed', '"licence" is not a licence of this service.');
  if (verified.claims.cnf?.jkt !== jkt) throw new RequestError('proof_invalid', OTHER_KEY);
  return verified.claims;
}

/** @throws {RequestError} */
function checkVm({ sub, azure }: LicenceClaims, { vm }: AuthenticRequest): void {
  if (sub === vmSubject(vm.vmId) && azure.cloud === vm.cloud) return;
  throw new RequestError('request_malformed', 'The licence is of another VM than the document.');
}

async function giveBack(
  parts: Parts,
  authentic: AuthenticRequest,
  { licence, jkt }: { readonly licence: LicenceClaims; readonly jkt: string },
): Promise<Reply> {
  const licenceId = licence.licence.id;
  const terms = await readReleaseTerms(parts.catalogue, licence);
  if (!terms.found) return refuseLicence(parts, authentic, { code: terms.code, plan: null, licenceId });
  const { challenge, vm, at } = authentic;
  const mark = { ms: challenge.ms, jti: challenge.jti };
  const request = { vmId: vm.vmId, jkt, challenge: mark, releaseId: randomUUID(), at };
  const outcome = await releaseSeat(parts.store, terms, request, boundSeats(parts, at));
  if (!outcome.released) return refuseRelease(parts, authentic, outcome.reason, licenceId);
  const decisionId = await recordDecision(parts, authentic, {
    code: 'seat_released',
    licenceId,
    isUnique: outcome.freed,
  });
  const { cloud, subscriptionId, vmId } = vm;
  authentic.log('info', 'seat_released', { licenceId, cloud, subscriptionId, vmId, decisionId });
  const response: ReleaseResponse = { seatFreeAt: formatInstant(outcome.seatFreeAt) };
  return replyJson(200, response);
}

function refuseRelease(
  parts: Parts,
  authentic: AuthenticRequest,
  reason: Extract<ReleaseOutcome, { released: false }>['reason'],
  licenceId: string,
): Promise<Reply> {
  if (reason === 'other_key') throw new RequestError('proof_invalid', OTHER_KEY);
  if (reason === 'absent') throw new RequestError('not_found', 'This VM has no seat under the licence.');
  return refuseLicence(parts, authentic, { code: reason, plan: null, licenceId });
}
