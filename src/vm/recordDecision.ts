import { listChecks } from '../decisions/decisionChecks.ts';
import { GRANT_CODES, hourlyDecisionId, uniqueDecisionId } from '../decisions/decisionRecord.ts';
import type { GrantCode, RefusalCode } from '../decisions/decisionRecord.ts';
import type { PlanName } from '../contract/planName.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { AuthenticRequest } from './authenticate.ts';

export interface RecordNeeds {
  readonly store: Pick<DecisionStore, 'insertDecision'>;
}

/** What was decided on authentic evidence, beside what the evidence says itself. */
export interface Decided {
  readonly code: GrantCode | RefusalCode;
  readonly licenceId: string | null;
  /** With the names of the offer, where one was found; for an offer of all plans the VM may have chosen the plan's. */
  readonly plan?: PlanName | null;
  /** The VM's own word for its plan. */
  readonly claimedOffer?: string | undefined;
  /** Of a release: whether it changed something, so that it is more than a repeat. */
  readonly isUnique?: boolean;
}

/**
 * Writes the audit row, before the answer. The decision stands even if the row cannot be written: seat and key are on
 * the activation already, a client that is told to retry comes back as a known VM, and a refusal is the safe side. The
 * log then has what the row would have said.
 *
 * @returns the row's id, which is the correlation id of the answer
 */
export async function recordDecision(
  { store }: RecordNeeds,
  authentic: AuthenticRequest,
  decided: Decided,
): Promise<string> {
  const { vm, at, log } = authentic;
  const { code, licenceId, plan: offered = null, claimedOffer = null, isUnique = false } = decided;
  const { cloud, subscriptionId, vmId, sku, plan, region } = vm;
  const refusal = isGrant(code) ? null : code;
  const isRepeatable = refusal !== null || (code === 'seat_released' && !isUnique);
  const about = licenceId ?? (offered === null ? '' : `${offered.publisher}/${offered.product}`);
  const id = isRepeatable ? hourlyDecisionId({ cloud, subscriptionId, vmId, code }, about, at) : uniqueDecisionId(at);
  const facts = { id, code, cloud, subscriptionId, vmId, sku, plan, region, claimedOffer, licenceId };
  try {
    await store.insertDecision({ ...facts, at, checks: listChecks(authentic.checks, refusal) });
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('error', 'decision_not_written', { ...facts, message: error.message });
  }
  return id;
}

function isGrant(code: Decided['code']): code is GrantCode {
  return GRANT_CODES.some((grant) => grant === code);
}
