import type { RefusalCode } from '../licensing/decisionRecord.ts';
import type { PlanName } from '../licensing/planName.ts';
import { denialClaims, isDenialCode, signDenial } from '../tokens/denials.ts';
import type { AuthenticRequest } from './authenticate.ts';
import type { Reply } from './edge.ts';
import type { Parts } from './parts.ts';
import { replyProblem } from './problems.ts';
import { recordDecision } from './recordDecision.ts';

export interface Refusal {
  readonly code: RefusalCode;
  /** The offer's spelling of what was refused; `null` where no offer was found. */
  readonly plan: PlanName | null;
  readonly licenceId: string | null;
  readonly claimedOffer?: string | undefined;
}

/**
 * Refuses authentic evidence: an audit row, a line of the log, and a signed denial where an operator meant it. What was
 * not found is never signed.
 *
 * @throws {SigningKeyUnavailableError}
 */
export async function refuseLicence(parts: Parts, authentic: AuthenticRequest, refusal: Refusal): Promise<Reply> {
  const { code } = refusal;
  const correlationId = await recordDecision(parts, authentic, refusal);
  const { cloud, subscriptionId, vmId } = authentic.vm;
  const { plan } = authentic.attestation;
  authentic.log('info', 'licence_refused', { code, correlationId, cloud, subscriptionId, vmId, plan });
  const denial = await signRefusal(parts, authentic, refusal);
  return replyProblem(parts.config.ISSUER, code, { correlationId, ...(denial === null ? {} : { denial }) });
}

async function signRefusal(
  { config, signingKeys }: Parts,
  { vm, challenge, at }: AuthenticRequest,
  { code, plan }: Refusal,
): Promise<string | null> {
  if (plan === null || !isDenialCode(code)) return null;
  const { publisher, product } = plan;
  const said = { issuer: config.ISSUER, vmId: vm.vmId, publisher, product, code };
  const claims = denialClaims({ ...said, issuedAt: at, challengeJti: challenge.jti });
  return signDenial(claims, await signingKeys.readSigner(at));
}
