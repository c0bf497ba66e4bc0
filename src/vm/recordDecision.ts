import { listChecks } from '../decisions/decisionChecks.ts';
import type { GrantCode } from '../contract/codes.ts';
import { createDecisionId, isGrant } from '../decisions/decisionRecord.ts';
import type { DecisionRecord, RefusalCode } from '../decisions/decisionRecord.ts';
import type { DecisionStore, RepeatKey } from '../decisions/store.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { AuthenticRequest } from './authenticate.ts';

export interface RecordNeeds {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly store: Pick<DecisionStore, 'insertDecision' | 'claimHour' | 'freeHour'>;
}

/**
 * Milliseconds after which a request's own time no longer stands for the decision: a row that came later than that could be
 * missing from what is derived from the log.
 */
const MAX_DELAY = 30_000;

/** What was decided on authentic evidence, beside what the evidence says itself. */
export interface Decided {
  readonly code: GrantCode | RefusalCode;
  readonly licenceId: string | null;
  /** `publisher/product/plan` of the offer that was found, in its own spelling. */
  readonly offer: string | null;
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
  { store, now }: RecordNeeds,
  authentic: AuthenticRequest,
  decided: Decided,
): Promise<string> {
  const { vm, log } = authentic;
  const at = Math.max(authentic.at, now() - MAX_DELAY);
  const { code, licenceId, offer, claimedOffer = null, isUnique = false } = decided;
  const { cloud, subscriptionId, vmId, sku, plan, region } = vm;
  const refusal = isGrant(code) ? null : code;
  const isRepeatable = refusal !== null || (code === 'seat_released' && !isUnique);
  const id = createDecisionId(at);
  const facts = { id, code, cloud, subscriptionId, vmId, sku, plan, region, claimedOffer, offer, licenceId };
  const decision = { ...facts, at, checks: listChecks(authentic.checks, refusal) };
  try {
    if (isRepeatable) return await writeOnceAnHour(store, decision);
    await store.insertDecision(decision);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    const { id: correlationId, ...said } = facts;
    log('error', 'decision_not_written', { correlationId, ...said, message: error.message });
  }
  return id;
}

/**
 * What a VM can repeat at will is written once an hour for one VM, code and licence (or offer, where there is no licence).
 * The hour's row comes first, so that two requests at once do not both write.
 *
 * @returns the id of the decision that was written first
 * @throws {StoreUnavailableError}
 */
async function writeOnceAnHour(store: RecordNeeds['store'], decision: DecisionRecord): Promise<string> {
  const { id, cloud, subscriptionId, vmId, code, offer, licenceId, at } = decision;
  const key: RepeatKey = { cloud, subscriptionId, vmId, code, about: licenceId ?? offer ?? '', at };
  const first = await store.claimHour(key, id);
  if (first !== id) return first;
  try {
    await store.insertDecision(decision);
  } catch (error) {
    // Otherwise, no repeat in this hour would write what is missing. The VM does not wait for it.
    void store.freeHour(key).catch(() => undefined);
    throw error;
  }
  return id;
}
