import type { AttestedVm } from '../contract/attestation.ts';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { ANY } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import { findOffer } from './findOffer.ts';
import type { OfferMatch } from './findOffer.ts';
import { forPlan, namingOf } from './holding.ts';
import type { Holding, Holdings, Naming, Trial } from './holding.ts';
import type { Licence } from './licence.ts';
import type { Override } from '../contract/operators/override.ts';
import { poolName } from './seatPool.ts';
import type { SeatPool } from './seatPool.ts';
import { parsePoolName } from './seatPool.ts';
import type { Offer } from './offer.ts';
import type { Catalogue } from './store.ts';

/** What a VM stands under: the offer for its plan, and what its subscription has for it. */
export interface FoundTerms {
  readonly found: true;
  readonly offer: Offer;
  readonly plan: PlanName;
  /** In licensed mode: the licence of the subscription. */
  readonly licence: Licence | null;
  /** The licence that the subscription is leaving: VMs with a seat there go on in it until then. */
  readonly leaving: Licence | null;
  /** In licensed mode: the trial that the subscription has or had. */
  readonly trial: Trial | null;
  /** In marketplace mode. */
  readonly override: Override | null;
  /** Pools that the subscription has left, the latest first. */
  readonly formerPools: readonly SeatPool[];
}

export type Terms = FoundTerms | Extract<OfferMatch, { found: false }>;

/** Whose terms. */
export type TermsOf = Pick<AttestedVm, 'cloud' | 'subscriptionId' | 'plan'>;

/**
 * Reads the terms of a VM: offers, its subscription's row, and the licence that the row names.
 *
 * @param claimedOffer `publisher/product/plan`, the VM's own word
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function readTerms(
  catalogue: Catalogue,
  of: TermsOf,
  { claimedOffer, at }: { readonly claimedOffer?: string | undefined; readonly at: number },
): Promise<Terms> {
  const match = findOffer(await catalogue.readOffers(), of.plan, claimedOffer);
  if (!match.found) return match;
  const { cloud, subscriptionId } = of;
  const own = await catalogue.readHoldings({ cloud, subscriptionId });
  const { offer } = match;
  if (offer.mode === 'marketplace') {
    const override = forPlan(own.overrides, offer.plan)?.override ?? null;
    return { ...match, ...NOTHING, override };
  }
  const trial = forPlan(own.trials, offer.plan);
  const held = await readLicences(catalogue, match, own, at);
  // What one subscription has goes before what all of the emulator have.
  if (held.licence !== null || cloud !== EMULATOR_CLOUD.name) return { ...match, ...NOTHING, ...held, trial };
  const all = await catalogue.readHoldings({ cloud, subscriptionId: ANY });
  return { ...match, ...NOTHING, ...(await readLicences(catalogue, match, all, at)), trial };
}

const NOTHING = { licence: null, leaving: null, trial: null, override: null, formerPools: [] } as const;

type Held = Pick<FoundTerms, 'licence' | 'leaving' | 'formerPools'>;

/** For this very plan before every plan of the offer. */
async function readLicences(
  catalogue: Catalogue,
  { offer, plan }: Extract<OfferMatch, { found: true }>,
  { holdings }: Holdings,
  at: number,
): Promise<Held> {
  const named = forPlan(holdings, plan);
  const own = named === null ? NOTHING : await readHeld(catalogue, named, at);
  if (own.licence !== null || offer.plan.name !== ANY) return own;
  const every = forPlan(holdings, { ...plan, name: ANY });
  return every === null ? own : readHeld(catalogue, every, at);
}

async function readHeld(catalogue: Catalogue, holding: Holding, at: number): Promise<Held> {
  const found: (readonly [Licence, Naming])[] = [];
  const left: SeatPool[] = [];
  for (const id of holding.licences) {
    const licence = await catalogue.lookUpLicence(id);
    const naming = licence === null ? null : namingOf(licence, holding, at);
    if (licence === null || naming === null) left.push({ kind: 'licence', id });
    else found.push([licence, naming]);
  }
  const [first, second] = found.sort(([, left_], [, right]) => Number(right === 'stays') - Number(left_ === 'stays'));
  const pools = [...left, ...holding.former.map(parsePoolName)].filter((pool) => pool !== null);
  return { licence: first?.[0] ?? null, leaving: second?.[0] ?? null, formerPools: withoutRepeats(pools) };
}

function withoutRepeats(pools: readonly SeatPool[]): readonly SeatPool[] {
  return [...new Map(pools.map((pool) => [poolName(pool), pool])).values()];
}
