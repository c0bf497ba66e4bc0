import type { GrantCode } from '../../contract/codes.ts';
import { formatInstant } from '../../contract/instants.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import type { AttestedVm } from '../../contract/attestation.ts';
import type { Activation } from '../../seats/activation.ts';
import { decide, decideLeaving } from '../../decisions/decide.ts';
import type { Decision } from '../../decisions/decide.ts';
import { isGrant } from '../../decisions/decisionRecord.ts';
import type { DecisionRecord } from '../../decisions/decisionRecord.ts';
import type { Entitlement } from '../../catalogue/entitlement.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { readTerms } from '../../catalogue/terms.ts';
import type { Terms } from '../../catalogue/terms.ts';
import { isKeySettled } from '../../seats/issue.ts';
import { keepsSeat } from '../../seats/lease.ts';
import { chooseEntitlement, foreseeOwnRow } from '../../seats/moves.ts';
import { isFull, licencePool, marketplacePool, readPoolUsage } from '../../seats/poolUsage.ts';
import type { PoolUsage } from '../../seats/poolUsage.ts';
import { CODE_REFERENCE } from '../../contract/codeReference.ts';
import { writeItem } from '../vms/activationRoutes.ts';
import { writeUsage } from '../vms/pools.ts';
import type { ExplanationJson } from '../../contract/operators/decision.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { writeOffer } from '../../contract/operators/offer.ts';
import { writeOverride } from '../../contract/operators/override.ts';
import type { Catalogue, CatalogueStore } from '../../catalogue/store.ts';
import type { ActivationStore, SeatStore } from '../../seats/store.ts';

export interface ExplainNeeds {
  readonly store: Catalogue &
    Pick<CatalogueStore, 'readLicence'> &
    Pick<SeatStore, 'readActivation'> &
    Pick<ActivationStore, 'countSeated'>;
}

type Explanation = Omit<ExplanationJson, 'decision'>;

/**
 * Why a VM was refused, and whether it still would be: the refusal's facts beside what offers, licences and seats say now,
 * read from the store and not from the cache.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function explainDecision(needs: ExplainNeeds, decision: DecisionRecord, at: number): Promise<Explanation> {
  const failed = decision.checks.find(({ outcome }) => outcome === 'failed');
  return {
    ...describeCode(decision),
    failed: failed === undefined ? null : { check: failed.name, detail: failed.detail ?? null },
    now: await readPresent(needs, decision, at),
  };
}

const GRANTS: Readonly<Record<GrantCode, Pick<Explanation, 'title' | 'advice'>>> = {
  licence_issued: { title: 'The VM got its first licence', advice: 'Nothing is to be done.' },
  key_changed_accepted: {
    title: 'The VM got a licence under another key, while one under the earlier key was still valid',
    advice: 'A reinstalled VM does this. If nobody reinstalled it, its disk may have been copied: look, and block it.',
  },
  trial_started: { title: 'The trial of the subscription started', advice: 'Nothing is to be done.' },
  subscription_claimed: {
    title: 'A VM attached its subscription to a licence with a claim code',
    advice: 'If the subscription is not the customer’s, remove it from the licence and revoke the code.',
  },
  seat_released: { title: 'The VM gave its seat back', advice: 'Nothing is to be done.' },
};

function describeCode({ code }: DecisionRecord): Pick<Explanation, 'title' | 'advice'> {
  if (isGrant(code)) return GRANTS[code];
  const { vendor, cause } = CODE_REFERENCE[code];
  return { title: PROBLEMS[code].title, advice: vendor ?? cause };
}

/**
 * What would be decided now, read from the store and not from the cache.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function readPresent(
  { store }: ExplainNeeds,
  decision: DecisionRecord,
  at: number,
): Promise<Explanation['now']> {
  const { claimedOffer, licenceId } = decision;
  const vm = restoreClaims(decision);
  const terms = await readTerms(store, vm, { claimedOffer: claimedOffer ?? undefined, at });
  const byFile = decision.code === 'offline_not_allowed' ? { product: null } : null;
  const asked = { vm, keyBound: decision.code !== 'key_required', at, byFile };
  const decided = decide(terms, asked);
  const choice = { entitlement: decided.granted ? decided.entitlement : null, staying: decideLeaving(terms, asked) };
  const entitlement = await chooseEntitlement(store, choice, vm.vmId, at);
  const refusedId = decided.granted ? null : decided.licenceId;
  const id = entitlement?.licenceId ?? refusedId ?? licenceId;
  // In a trial and in marketplace mode there is no licence of its own.
  const licence = id === null || id.includes(':') ? null : await store.readLicence(id);
  const held = licence === null ? poolOfOffer(terms, decision) : licencePool(licence.value);
  return {
    at: formatInstant(at),
    offer: terms.found ? writeOffer(terms.offer) : null,
    licence: licence === null ? null : writeLicence(licence.value),
    ...describeTerms(terms),
    ...(entitlement === null
      ? { outcome: codeOf(decided), usage: null, activation: await readHeld({ store }, held, decision.vmId) }
      : await readSeat({ store }, entitlement, { vmId: vm.vmId, at, isOtherKey: decision.code === 'key_changed' })),
  };
}

function codeOf(decided: Decision): Explanation['now']['outcome'] {
  return decided.granted ? 'granted' : decided.code;
}

/** What the subscription has beside its licence. */
function describeTerms(terms: Terms): Pick<Explanation['now'], 'leaving' | 'trial' | 'override'> {
  if (!terms.found) return { leaving: null, trial: null, override: null };
  const { leaving, trial, override } = terms;
  return {
    leaving: leaving === null ? null : writeLicence(leaving),
    trial: trial && {
      startedAt: formatInstant(trial.startedAt),
      endsAt: formatInstant(trial.endsAt),
      seats: trial.seats,
    },
    override: override && writeOverride(override),
  };
}

function poolOfOffer(terms: Terms, { cloud, subscriptionId }: DecisionRecord): SeatPool | null {
  if (!terms.found) return null;
  const { offer, trial } = terms;
  if (offer.mode === 'marketplace') return marketplacePool(offer, cloud, subscriptionId);
  return trial === null ? null : { kind: 'trial', cloud, subscriptionId, plan: offer.plan };
}

/** What the VM still holds under a licence that it would not be given any more. */
async function readHeld({ store }: ExplainNeeds, pool: SeatPool | null, vmId: string) {
  if (pool === null) return null;
  const stored = await store.readActivation(pool, vmId);
  return stored === null ? null : writeItem(pool, stored);
}

/** What the decision kept of the evidence is all that offers and licences look at. */
function restoreClaims({ cloud, region, vmId, subscriptionId, sku, plan, at }: DecisionRecord): AttestedVm {
  const times = { createdOn: at, expiresOn: at };
  return { cloud, region, vmId, subscriptionId, sku: sku ?? '', licenseType: null, plan, nonce: null, ...times };
}

interface Return {
  readonly vmId: string;
  readonly at: number;
  /** Whether the VM is taken to come with another key than the one of its licence. */
  readonly isOtherKey: boolean;
}

async function readSeat({ store }: ExplainNeeds, entitlement: Entitlement, comes: Return) {
  const { pool } = entitlement;
  const { vmId } = comes;
  const stored = await store.readActivation(pool, vmId);
  const usage = await readPoolUsage(store, pool, entitlement, comes.at);
  const own = await foreseeOwnRow(store, { pool, earlierPools: entitlement.earlierPools, vmId });
  return {
    outcome: foresee(own, entitlement, usage, comes),
    ...{ usage: writeUsage(usage), activation: stored === null ? null : writeItem(pool, stored) },
  };
}

/** What rests on the VM's row and on its pool, in the order in which it is asked: block, key, seat. */
function foresee(
  known: Activation | null,
  { seats, keyChanges }: Entitlement,
  usage: PoolUsage,
  { at, isOtherKey }: Return,
): Explanation['now']['outcome'] {
  if (known?.blocked === true) return 'vm_blocked';
  if (isOtherKey && known !== null && isKeySettled(known, at, keyChanges)) return 'key_changed';
  const holdsSeat = known !== null && keepsSeat(known, seats, at);
  return isFull(usage) && !holdsSeat ? 'seats_exhausted' : 'granted';
}
