import type { RefusalCode } from '../decisions/decisionRecord.ts';
import type { PlanName } from '../contract/planName.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { denialClaims, isDenialCode, signDenial } from '../tokens/denials.ts';
import { mayBeSigned } from '../catalogue/restoreMark.ts';
import type { ShelfReader } from '../catalogue/restoreMark.ts';
import { adviseByFile } from './adviseByFile.ts';
import type { AuthenticRequest } from './authenticate.ts';
import type { Reply } from '../http/edge.ts';
import { replyProblem } from '../http/problems.ts';
import { recordDecision } from './recordDecision.ts';
import type { RecordNeeds } from './recordDecision.ts';

export interface RefusalNeeds extends RecordNeeds {
  readonly issuer: string;
  readonly keySets: Pick<KeySets, 'readSigner'>;
  readonly catalogue: ShelfReader;
}

export interface Refusal {
  readonly code: RefusalCode;
  /** The offer's spelling of what was refused; `null` where no offer was found. */
  readonly plan: PlanName | null;
  /** The offer's name, `publisher/product/plan`; `null` where no offer was found. */
  readonly offer: string | null;
  readonly licenceId: string | null;
  readonly claimedOffer?: string | undefined;
  /** Whether the VM may still run on a licence that it was given earlier. */
  readonly inGrace?: boolean;
}

/**
 * Refuses authentic evidence: an audit row, a line of the log, and a signed denial where an operator meant it. What was
 * not found is never signed, and nothing is signed for a request without a proof: a denial names the proof it answers. After
 * a restore from a backup an operator has to confirm it first.
 *
 * @throws {SigningKeyUnavailableError}
 */
export async function refuseLicence(
  needs: RefusalNeeds,
  authentic: AuthenticRequest,
  refusal: Refusal,
): Promise<Reply> {
  const { code, offer, licenceId } = refusal;
  const correlationId = await recordDecision(needs, authentic, refusal);
  const { cloud, subscriptionId, vmId, plan } = authentic.vm;
  const facts = { code, correlationId, offer, licenceId, cloud, subscriptionId, vmId };
  // The offer says what plan it was; without one, what Azure attested does.
  const told = offer === null ? { ...facts, plan } : facts;
  const denial = await signRefusal(needs, authentic, refusal).finally(() => {
    authentic.log('info', 'licence_refused', told);
  });
  const detail = authentic.byFile === null ? null : adviseByFile(code);
  return replyProblem(needs.issuer, code, { detail, correlationId, ...(denial === null ? {} : { denial }) });
}

async function signRefusal(
  { issuer, keySets, catalogue }: RefusalNeeds,
  { vm, challenge, proof, at }: AuthenticRequest,
  { code, plan, inGrace = false }: Refusal,
): Promise<string | null> {
  if (plan === null || proof === null || !isDenialCode(code)) return null;
  // While a VM was cut off from the service, a new one may have taken its seat: that must not end its grace.
  if (code === 'seats_exhausted' && inGrace) return null;
  if (!mayBeSigned((await catalogue.readShelf()).restored, code, at)) return null;
  const { publisher, product } = plan;
  const said = { issuer, vmId: vm.vmId, publisher, product, code };
  const claims = denialClaims({ ...said, issuedAt: at, challengeJti: challenge.jti, proof });
  return signDenial(claims, await keySets.readSigner(at));
}
