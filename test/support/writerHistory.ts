import fc from './properties.ts';
import { expect } from 'vitest';

import { CatalogueError, parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { PartlyWrittenError } from '../../src/catalogue/file/partlyWritten.ts';
import { findClashes, licenceKey } from '../../src/catalogue/file/clashes.ts';
import { sellsTheSame } from '../../src/catalogue/offers/offerNames.ts';
import { findOffer } from '../../src/catalogue/findOffer.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import { RequestError } from '../../src/http/requestError.ts';
import type { OperatorEndpoint } from '../../src/contract/endpoints.ts';
import { applyCatalogue } from './applyCatalogue.ts';
import { finish } from '../../src/contract/pieces.ts';
import { callRoute } from './callRoute.ts';
import type { RouteCall, WriterStore } from './callRoute.ts';
import { Died } from './dyingStore.ts';
import { AT, MINUTE, vmId } from './licensing.ts';

/*
 * Operators who write offers, licences and overrides through two instances at the same time, by the routes themselves:
 * what they ask, how it is carried out, and what must hold afterwards.
 */

interface OfferWords {
  readonly product: string;
  readonly plan: string;
}

interface OfferAsked extends OfferWords {
  readonly aliases: readonly string[];
  readonly mode: 'licensed' | 'marketplace';
}

interface LicenceAsked extends OfferWords {
  readonly id: string;
  readonly subscription: number;
}

type Asked =
  | { readonly kind: 'offer'; readonly of: OfferAsked; readonly alters: boolean }
  | ({ readonly kind: 'noOffer' } & OfferWords)
  | { readonly kind: 'licence'; readonly of: LicenceAsked; readonly alters: boolean }
  | { readonly kind: 'noLicence'; readonly id: string }
  | ({ readonly kind: 'override'; readonly subscription: number } & OfferWords)
  | { readonly kind: 'file'; readonly offers: readonly OfferAsked[]; readonly licences: readonly LicenceAsked[] };

export interface Write {
  readonly asked: Asked;
  /** After how many calls of the store its process dies. */
  readonly dies: number | null;
  /** Milliseconds by which its instance's clock is wrong. */
  readonly skew: number;
  /** Whether it began so long ago that others take its process for dead, unless it does die. */
  readonly isSlow: boolean;
}

export interface Phase {
  /** Milliseconds since the phase before. */
  readonly wait: number;
  readonly writes: readonly Write[];
}

const PRODUCTS = ['a', 'b'];
const PLANS = ['pro', '*'];
const SUBSCRIPTIONS = [1, 2];

/** Most are of one offer, so that they meet. */
const names = {
  product: fc.constantFrom('a', 'a', 'a', ...PRODUCTS, 'A'),
  plan: fc.constantFrom('pro', 'pro', 'pro', ...PLANS),
};
const offerAsked = fc.record({
  ...names,
  aliases: fc.uniqueArray(fc.constantFrom(...PRODUCTS, 'B'), { maxLength: 1 }),
  mode: fc.constantFrom('licensed' as const, 'licensed' as const, 'marketplace' as const),
});
const licenceAsked = fc.record({
  ...names,
  id: fc.constantFrom('x', 'y', 'X'),
  subscription: fc.constantFrom(...SUBSCRIPTIONS),
});
const alters = fc.boolean();
const kind = <K extends string>(name: K) => fc.constant(name);

const asked: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: kind('offer'), of: offerAsked, alters }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('noOffer'), ...names }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('licence'), of: licenceAsked, alters }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('noLicence'), id: fc.constantFrom('x', 'y') }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind('override'), ...names, subscription: fc.constantFrom(...SUBSCRIPTIONS) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('file'),
      offers: fc.array(offerAsked, { maxLength: 2 }),
      licences: fc.array(licenceAsked, { maxLength: 2 }),
    }),
  },
);

export const writerPhases: fc.Arbitrary<readonly Phase[]> = fc.array(
  fc.record({
    wait: fc.constantFrom(1_000, 6 * MINUTE),
    writes: fc.array(
      fc.record({
        asked,
        dies: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 3 }),
        skew: fc.constantFrom(-MINUTE, 0, 0, MINUTE),
        isSlow: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

export interface WriterWorld {
  /** One an instance: writes are dealt to them in turn. */
  readonly stores: readonly [WriterStore, WriterStore];
  /** Picks which call of a store comes next. */
  readonly scheduler: fc.Scheduler;
  /** Before every name of this history: others may be in the same tables. */
  readonly prefix: string;
}

/** A store each of whose calls waits for its turn, and whose caller dies after so many of them. */
function through(store: WriterStore, scheduler: fc.Scheduler, dies: number | null): WriterStore {
  let calls = 0;
  const take = async (name: string, call: () => Promise<unknown>) => {
    if (dies !== null && calls >= dies) throw new Died();
    let ended: PromiseSettledResult<unknown> | undefined;
    // The scheduler goes on when the call has ended. What comes of the call is no matter of its report.
    const run = async () => {
      calls += 1;
      [ended] = await Promise.allSettled([call()]);
    };
    await scheduler.scheduleFunction(Object.defineProperty(run, 'name', { value: name }))();
    if (ended?.status === 'fulfilled') return ended.value;
    throw ended?.reason;
  };
  const methods = Object.entries(store) as [string, (...args: unknown[]) => Promise<unknown>][];
  const wrapped = methods.map(([name, method]) => [name, (...args: unknown[]) => take(name, () => method(...args))]);
  return Object.fromEntries(wrapped) as WriterStore;
}

/** Every history in one: what is asked of an instance, and what comes of it. */
export class WriterHistory {
  private readonly world: WriterWorld;
  private at = AT;

  constructor(world: WriterWorld) {
    this.world = world;
  }

  /** Carries the phases out, and looks after each of them. */
  async run(phases: readonly Phase[]): Promise<void> {
    for (const { wait, writes } of phases) {
      this.at += wait;
      const running = writes.map((write, index) => this.execute(write, index % 2));
      await this.world.scheduler.waitFor(Promise.all(running));
      await this.check();
    }
    this.at += 20 * MINUTE;
    await this.expectFree();
  }

  private async execute({ asked: of, dies, skew, isSlow }: Write, instance: number): Promise<string> {
    const store = through(this.world.stores[instance === 0 ? 0 : 1], this.world.scheduler, dies);
    try {
      await this.ask(store, of, this.at + skew - (isSlow && dies === null ? 10 * MINUTE : 0));
      return 'done';
    } catch (error) {
      if (error instanceof Died) return 'died';
      if (error instanceof RequestError) return error.code;
      if (error instanceof CatalogueError) return 'refused';
      // What could not be undone, because others wrote something under it, stays.
      if (error instanceof PartlyWrittenError) return dies === null ? 'partly' : 'died';
      throw error;
    }
  }

  private ask(store: WriterStore, one: Asked, at: number): Promise<unknown> {
    const call = (name: OperatorEndpoint, given: RouteCall) => callRoute(store, name, given, at);
    switch (one.kind) {
      case 'offer': {
        const { of, alters: isChange } = one;
        return call('putOffer', { params: this.offerParams(of), body: this.offerBody(of), alters: isChange });
      }
      case 'noOffer':
        return call('deleteOffer', { params: this.offerParams(one) });
      case 'licence': {
        const { of, alters: isChange } = one;
        return call('putLicence', { params: this.licenceParams(of), body: this.licenceBody(of), alters: isChange });
      }
      case 'noLicence':
        return call('deleteLicence', { params: this.licenceParams(one) });
      case 'override':
        return call('putOverride', { params: this.overrideParams(one), body: {} });
      case 'file':
        return this.applyFile(store, one, at);
    }
  }

  private async applyFile(store: WriterStore, of: Extract<Asked, { kind: 'file' }>, at: number): Promise<unknown> {
    const offers = of.offers.map((one) => this.offerBody(one));
    const licences = of.licences.map((one) => this.licenceBody(one));
    return applyCatalogue(store, parseCatalogue({ offers, licences }), { change: { by: 'file', at } });
  }

  private offerParams({ product, plan }: OfferWords) {
    return { publisher: this.world.prefix, product, plan };
  }

  private licenceParams({ id }: { readonly id: string }) {
    return { id: this.world.prefix + id };
  }

  private overrideParams({ subscription, ...of }: OfferWords & { readonly subscription: number }) {
    return { ...this.offerParams(of), cloud: 'AzurePublicCloud', subscription: vmId(subscription) };
  }

  private nameOf({ product, plan }: OfferWords): string {
    return `${this.world.prefix}/${product}/${plan}`;
  }

  private offerBody({ aliases, mode, ...of }: OfferAsked) {
    return { offer: this.nameOf(of), mode, productAliases: aliases };
  }

  private licenceBody({ id, subscription, ...of }: LicenceAsked) {
    const where = { cloud: 'AzurePublicCloud', subscription: vmId(subscription) };
    return { id: this.world.prefix + id, offer: this.nameOf(of), seats: 1, ...where };
  }

  private async readOffers(): Promise<readonly Offer[]> {
    const rows = await this.world.stores[0].listOffers();
    return rows.map(({ value }) => value).filter(({ plan }) => plan.publisher === this.world.prefix);
  }

  private async readLicences(): Promise<readonly Licence[]> {
    const rows = await this.world.stores[0].listLicences();
    return rows.map(({ value }) => value).filter(({ plan }) => plan.publisher === this.world.prefix);
  }

  /** No name, alias or id twice, and nothing without the offer that it needs. */
  private async check(): Promise<void> {
    const [offers, licences] = [await this.readOffers(), await this.readLicences()];
    expect(finish(findClashes(offers, sellsTheSame))).toEqual([]);
    expect(finish(findClashes(licences, (one) => [licenceKey(one)]))).toEqual([]);
    const orphans = licences.filter(({ plan }) => {
      const match = findOffer(offers, plan, undefined);
      return !match.found || match.offer.mode === 'marketplace';
    });
    expect(orphans).toEqual([]);
    const overrides = await this.findOverrides();
    const isSold = ({ product, plan }: OfferWords) =>
      offers.some((offer) => offer.plan.product.toLowerCase() === product && offer.plan.name === plan);
    expect(overrides.filter((of) => !isSold(of))).toEqual([]);
  }

  private async findOverrides() {
    const all = PRODUCTS.flatMap((product) =>
      PLANS.flatMap((plan) => SUBSCRIPTIONS.map((subscription) => ({ product, plan, subscription }))),
    );
    const found = await Promise.all(
      all.map(async (of) => {
        const [cloud, subscriptionId] = ['AzurePublicCloud', vmId(of.subscription)];
        const plan = { publisher: this.world.prefix, product: of.product, name: of.plan };
        return (await this.world.stores[0].readOverride({ cloud, subscriptionId, plan })) === null ? null : of;
      }),
    );
    return found.filter((of) => of !== null);
  }

  /** Whatever was left behind, some minutes later every name that no offer has can be had, and everything be deleted. */
  private async expectFree(): Promise<void> {
    const [store] = this.world.stores;
    for (const { id } of await this.readLicences())
      await callRoute(store, 'deleteLicence', { params: { id } }, this.at);
    for (const of of await this.findOverrides())
      await callRoute(store, 'deleteOverride', { params: this.overrideParams(of) }, this.at);
    for (const product of PRODUCTS) for (const plan of PLANS) await this.expectHad({ product, plan });
    for (const { plan } of await this.readOffers()) {
      const params = { publisher: plan.publisher, product: plan.product, plan: plan.name };
      await callRoute(store, 'deleteOffer', { params }, this.at);
    }
    expect(await this.readOffers()).toEqual([]);
  }

  private async expectHad(of: OfferWords): Promise<void> {
    const taken = new Set((await this.readOffers()).flatMap(sellsTheSame));
    const body = this.offerBody({ ...of, aliases: [], mode: 'licensed' });
    const made = callRoute(this.world.stores[0], 'putOffer', { params: this.offerParams(of), body }, this.at);
    if (taken.has(this.nameOf(of).toLowerCase())) await made.catch(() => undefined);
    else await made;
  }
}
