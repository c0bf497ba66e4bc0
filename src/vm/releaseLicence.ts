import { randomUUID } from 'node:crypto';
import { vmSubject } from '../contract/claims.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import { formatInstant } from '../contract/instants.ts';
import type { ReleaseResponse } from '../contract/wire.ts';
import { readReleaseTerms, releaseSeat } from '../seats/release.ts';
import type { ReleaseOutcome } from '../seats/release.ts';
import { seatOptions } from '../seats/seatOptions.ts';
import type { SeatNeeds } from '../seats/seatOptions.ts';
import type { SeatStore } from '../seats/store.ts';
import type { Catalogue } from '../catalogue/store.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { verifyLicence } from '../tokens/licences.ts';
import { authenticate, checkChallenge } from './authenticate.ts';
import type { AuthenticRequest, AuthenticationNeeds, ChallengeCheckNeeds } from './authenticate.ts';
import type { Reply, UseCase } from '../http/edge.ts';
import { replyJson } from '../http/problems.ts';
import { recordDecision } from './recordDecision.ts';
import { refuseLicence } from './refuseLicence.ts';
import type { RefusalNeeds } from './refuseLicence.ts';
import { readJsonBody, releaseRequestSchema } from './requestBody.ts';
import { RequestError } from '../http/requestError.ts';

const OTHER_KEY = 'Prove the key that the VM’s newest licence is bound to.';

export interface ReleaseNeeds extends ChallengeCheckNeeds, AuthenticationNeeds, RefusalNeeds, SeatNeeds {
  readonly catalogue: Catalogue & RefusalNeeds['catalogue'];
  readonly keySets: Pick<KeySets, 'readPublished' | 'readSigner'>;
  readonly store: RefusalNeeds['store'] & SeatStore;
}

/**
 * `POST /v1/releases`: a VM that is about to be deleted gives its seat back. Evidence, licence and activation must be of
 * one VM; challenge, licence and activation of one key.
 */
export function releaseLicence(needs: ReleaseNeeds): UseCase {
  return async (request) => {
    const body = await readJsonBody(request, releaseRequestSchema);
    const at = needs.now();
    const challenge = checkChallenge(needs, body, { endpoint: VM_ENDPOINTS.releaseLicence.path, at });
    const { jkt } = challenge.claims;
    if (jkt === undefined)
      throw new RequestError('proof_required', 'Ask for the challenge with the key of the licence.');
    const licence = await checkLicence(needs, body.licence, { jkt, at });
    const authentication = await authenticate(needs, request, { body, challenge, at });
    if (!authentication.accepted) return authentication.refusal;
    checkVm(licence, authentication.authentic);
    return giveBack(needs, authentication.authentic, { licence, jkt });
  };
}

/** @throws {RequestError} */
async function checkLicence(
  { issuer, keySets }: ReleaseNeeds,
  token: string,
  { jkt, at }: { readonly jkt: string; readonly at: number },
): Promise<LicenceClaims> {
  const { keys } = await keySets.readPublished(at);
  const expected = { issuer, audience: null, at };
  const verified = verifyLicence(token, { keys }, expected);
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
  needs: ReleaseNeeds,
  authentic: AuthenticRequest,
  { licence, jkt }: { readonly licence: LicenceClaims; readonly jkt: string },
): Promise<Reply> {
  const licenceId = licence.licence.id;
  const terms = await readReleaseTerms(needs.catalogue, licence);
  if (!terms.found) return refuseLicence(needs, authentic, { code: terms.code, plan: null, offer: null, licenceId });
  const { offer } = terms;
  const { challenge, vm, at } = authentic;
  const mark = { ms: challenge.ms, jti: challenge.jti };
  const request = { vmId: vm.vmId, jkt, challenge: mark, releaseId: randomUUID(), at };
  const outcome = await releaseSeat(needs.store, terms, request, seatOptions(needs, at));
  if (!outcome.released) return refuseRelease(needs, authentic, outcome.reason, { offer, licenceId });
  const decided = { code: 'seat_released', offer, licenceId } as const;
  const correlationId = await recordDecision(needs, authentic, { ...decided, isUnique: outcome.freed });
  const { cloud, subscriptionId, vmId } = vm;
  authentic.log('info', 'seat_released', { ...decided, correlationId, cloud, subscriptionId, vmId });
  const response: ReleaseResponse = { seatFreeAt: formatInstant(outcome.seatFreeAt) };
  return replyJson(200, response);
}

function refuseRelease(
  needs: ReleaseNeeds,
  authentic: AuthenticRequest,
  reason: Extract<ReleaseOutcome, { released: false }>['reason'],
  named: { readonly offer: string; readonly licenceId: string },
): Promise<Reply> {
  if (reason === 'other_key') throw new RequestError('proof_invalid', OTHER_KEY);
  if (reason === 'absent') throw new RequestError('not_found', 'This VM has no seat under the licence.');
  return refuseLicence(needs, authentic, { code: reason, plan: null, ...named });
}
