import { licenceIdOf } from '../catalogue/seatPool.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import { forPlan } from '../catalogue/holding.ts';
import type { Trial } from '../catalogue/holding.ts';
import { redeemClaim } from '../catalogue/redeemClaim.ts';
import { readTerms } from '../catalogue/terms.ts';
import type { FoundTerms, Terms } from '../catalogue/terms.ts';
import type { Catalogue, CatalogueStore, ClaimStore, TrialStore } from '../catalogue/store.ts';
import { formatPlanName } from '../contract/planName.ts';
import { decide, decideLeaving } from '../decisions/decide.ts';
import type { ByFile, LicenceClaim, Refused } from '../decisions/decide.ts';
import { RequestError } from '../http/requestError.ts';
import type { AuthenticRequest } from './authenticate.ts';
import type { ClaimLimit } from './claimLimit.ts';
import { recordDecision } from './recordDecision.ts';
import type { RecordNeeds } from './recordDecision.ts';
import type { LicenceRequestBody } from './requestBody.ts';

export interface EntitlementNeeds extends RecordNeeds {
  /** `forget`: what this process wrote holds in it at once. */
  readonly catalogue: Catalogue & { forget(): void };
  readonly claimLimit: ClaimLimit;
  readonly store: RecordNeeds['store'] & ClaimStore & TrialStore & Catalogue & ClaimableLicences;
}

type ClaimableLicences = Pick<
  CatalogueStore,
  'readLicence' | 'writeLicence' | 'deleteLicence' | 'readHolding' | 'writeHolding'
>;

/** What a VM is entitled to. `leaving`: what it goes on with while it has a seat there, in the overlap of a move. */
export interface Entitled {
  readonly granted: true;
  readonly entitlement: Entitlement | null;
  readonly leaving: Entitlement | null;
  /** Why there is no entitlement but the one under the licence that the subscription is leaving. */
  readonly refused: Refused | null;
}

/**
 * Finds what entitles a VM: a licence, with a claim code one that the code names, else a trial, which is begun here, or the
 * plan itself.
 *
 * @throws {RequestError} `rate_limited` after too many wrong codes
 * @throws {StoreUnavailableError}
 */
export async function findEntitlement(
  needs: EntitlementNeeds,
  authentic: AuthenticRequest,
  { offer: claimedOffer, claim: code }: Pick<LicenceRequestBody, 'offer' | 'claim'>,
): Promise<Entitled | Refused> {
  const { vm, challenge, byFile, at } = authentic;
  const asked: LicenceClaim = { vm, keyBound: challenge.jkt !== undefined, byFile, at };
  const terms = await readTerms(needs.catalogue, vm, { claimedOffer, at });
  if (code === undefined || !takesClaim(terms, byFile)) return decideTerms(needs, authentic, terms, asked);
  if (await redeem(needs, authentic, terms, code)) {
    needs.catalogue.forget();
    const fresh = await readTerms(needs.store, vm, { claimedOffer, at });
    return decideTerms(needs, authentic, fresh, asked);
  }
  // A trial that runs is the subscription's own, whatever the code.
  if (terms.trial !== null && at < terms.trial.endsAt) return decideTerms(needs, authentic, terms, asked);
  return {
    granted: false,
    code: 'claim_invalid',
    plan: terms.plan,
    offer: formatPlanName(terms.offer.plan),
    licenceId: null,
  };
}

/**
 * A code is looked at only where the subscription has no licence for the offer. It is not used up for a request that the
 * offer does not take.
 */
function takesClaim(terms: Terms, byFile: ByFile | null): terms is FoundTerms {
  if (!terms.found || (byFile !== null && !terms.offer.offline)) return false;
  return terms.offer.mode === 'licensed' && terms.licence === null;
}

/** @throws {RequestError} `rate_limited` */
async function redeem(
  needs: EntitlementNeeds,
  authentic: AuthenticRequest,
  { plan, offer }: FoundTerms,
  code: string,
): Promise<boolean> {
  const { vm, at } = authentic;
  const { cloud, subscriptionId } = vm;
  const subscription = { cloud, subscriptionId };
  const wait = needs.claimLimit.waitOf(subscription, at);
  if (wait > 0) {
    throw new RequestError(
      'rate_limited',
      'Too many claim codes of this subscription were wrong. Wait, then retry.',
      wait,
    );
  }
  const redeemed = await redeemClaim(needs.store, { code, subscription, plan, at });
  if (redeemed.attached) {
    const { licenceId } = redeemed;
    await recordDecision(needs, authentic, {
      code: 'subscription_claimed',
      offer: formatPlanName(offer.plan),
      licenceId,
    });
    authentic.log('info', 'subscription_claimed', { licenceId, cloud, subscriptionId, vmId: vm.vmId });
    return true;
  }
  needs.claimLimit.countWrong(subscription, at);
  return false;
}

async function decideTerms(
  needs: EntitlementNeeds,
  authentic: AuthenticRequest,
  terms: Terms,
  asked: LicenceClaim,
): Promise<Entitled | Refused> {
  const leaving = decideLeaving(terms, asked);
  const decision = decide(terms, asked);
  if (!decision.granted) {
    return leaving === null ? decision : { granted: true, entitlement: null, leaving, refused: decision };
  }
  const { startsTrial, entitlement } = decision;
  if (startsTrial === null) return { granted: true, entitlement, leaving, refused: null };
  return startTrial(needs, authentic, terms, { trial: startsTrial, asked });
}

/** There is one trial for ever: where another VM began it in the same instant, that one counts. */
async function startTrial(
  needs: EntitlementNeeds,
  authentic: AuthenticRequest,
  terms: Terms,
  { trial, asked }: { readonly trial: Trial; readonly asked: LicenceClaim },
): Promise<Entitled | Refused> {
  const outcome = await needs.store.insertTrial(trial);
  needs.catalogue.forget();
  if (outcome === 'written') {
    const licenceId = licenceIdOf({ kind: 'trial', ...trial });
    await recordDecision(needs, authentic, { code: 'trial_started', offer: formatPlanName(trial.plan), licenceId });
  }
  const present = outcome === 'written' || !terms.found ? trial : await readOwnTrial(needs, trial);
  const decision = decide(terms.found ? { ...terms, trial: present } : terms, asked);
  if (!decision.granted) return decision;
  return { granted: true, entitlement: decision.entitlement, leaving: null, refused: null };
}

async function readOwnTrial({ store }: EntitlementNeeds, trial: Trial): Promise<Trial> {
  const { trials } = await store.readHoldings(trial);
  return forPlan(trials, trial.plan) ?? trial;
}
