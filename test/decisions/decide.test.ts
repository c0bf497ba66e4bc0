import { expect, test } from 'vitest';

import type { AttestedVm } from '../../src/contract/attestation.ts';
import type { LicenceCode } from '../../src/contract/codes.ts';
import { readTerms } from '../../src/catalogue/terms.ts';
import { decide, decideLeaving } from '../../src/decisions/decide.ts';
import type { ByFile, Decision } from '../../src/decisions/decide.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import type { Catalogue } from '../../src/catalogue/store.ts';
import type { SubscriptionOverride, Trial } from '../../src/catalogue/holding.ts';
import { overrideEntry } from '../../src/contract/operators/override.ts';
import type { Override } from '../../src/contract/operators/override.ts';
import {
  AT,
  attestation,
  DAY,
  HOUR,
  licence,
  offer,
  SUBSCRIPTION,
  subscriptions,
  VM_ID,
  vmId,
} from '../support/licensing.ts';
import { memoryCatalogue } from '../support/memoryCatalogue.ts';

interface Case {
  readonly name: string;
  readonly attested?: Partial<AttestedVm>;
  readonly claimedOffer?: string;
  readonly keyBound?: boolean;
  /** One offer changed, or all of them. */
  readonly offer?: Partial<Offer>;
  readonly offers?: readonly Offer[];
  readonly licence?: Partial<Licence>;
  readonly licences?: readonly Licence[];
  readonly trials?: readonly Trial[];
  readonly overrides?: readonly SubscriptionOverride[];
  readonly byFile?: ByFile;
}

async function decideCase(given: Case): Promise<Decision> {
  const { claimedOffer, keyBound = true, trials = [], overrides = [], byFile = null } = given;
  const vm = attestation(given.attested);
  const offers = given.offers ?? [offer(given.offer)];
  const catalogue = memoryCatalogue(offers, given.licences ?? [licence(given.licence)], { trials, overrides });
  return decide(await readTerms(catalogue, vm, { claimedOffer, at: AT }), { vm, keyBound, at: AT, byFile });
}

async function granted(given: Case): Promise<Entitlement> {
  const decision = await decideCase(given);
  if (!decision.granted) throw new Error(`refused: ${decision.code}`);
  return decision.entitlement;
}

const NO_PLAN = { plan: { publisher: '', product: '', name: '' } };
const CLAIM = 'contoso/firewall/pro';
const MARKETPLACE = { mode: 'marketplace' } as const;
const BY_FILE = { product: 'contoso/FIREWALL' };

const REFUSALS: readonly (Case & { readonly code: LicenceCode })[] = [
  { name: 'no plan, none claimed', attested: NO_PLAN, code: 'plan_missing' },
  { name: 'no plan member at all', attested: { plan: null }, code: 'plan_missing' },
  {
    name: 'plan members absent',
    attested: { plan: { publisher: null, product: null, name: null } },
    code: 'plan_missing',
  },
  {
    name: 'part of a plan, though one is claimed',
    attested: { plan: { publisher: 'contoso', product: '', name: '' } },
    claimedOffer: CLAIM,
    offer: { withoutPlan: true },
    code: 'plan_missing',
  },
  { name: 'claimed, but the offer wants a plan', attested: NO_PLAN, claimedOffer: CLAIM, code: 'plan_missing' },
  {
    name: 'claimed in marketplace mode',
    attested: NO_PLAN,
    claimedOffer: CLAIM,
    offer: { ...MARKETPLACE, withoutPlan: true },
    code: 'plan_missing',
  },
  { name: 'claimed, unknown', attested: NO_PLAN, claimedOffer: 'contoso/other/pro', code: 'plan_unknown' },
  ...['contoso/firewall/p\u0000ro', 'contoso/firewall/\u202epro', 'contoso/firewall/pro"}', 'contoso/firewall/*'].map(
    (claimedOffer) => ({
      name: `claimed, and no name: ${JSON.stringify(claimedOffer)}`,
      offers: [offer({ plan: { publisher: 'contoso', product: 'firewall', name: '*' }, withoutPlan: true })],
      attested: NO_PLAN,
      claimedOffer,
      code: 'plan_unknown' as const,
    }),
  ),
  { name: 'claimed, not a plan', attested: NO_PLAN, claimedOffer: 'contoso', code: 'plan_unknown' },
  {
    name: 'claimed for every plan',
    attested: NO_PLAN,
    claimedOffer: 'contoso/firewall/*',
    offer: { plan: { publisher: 'contoso', product: 'firewall', name: '*' }, withoutPlan: true },
    code: 'plan_unknown',
  },
  {
    name: 'another plan',
    attested: { plan: { publisher: 'contoso', product: 'firewall', name: 'x' } },
    code: 'plan_unknown',
  },
  {
    name: 'another publisher',
    attested: { plan: { publisher: 'x', product: 'firewall', name: 'pro' } },
    code: 'plan_unknown',
  },
  { name: 'no offers', offers: [], code: 'plan_unknown' },
  { name: 'not sold in this cloud', offer: { clouds: ['AzureChinaCloud'] }, code: 'plan_unknown' },
  { name: 'offer suspended', offer: { status: 'suspended' }, code: 'offer_suspended' },
  { name: 'offer suspended, no licence', offer: { status: 'suspended' }, licences: [], code: 'offer_suspended' },
  { name: 'no licence', licences: [], code: 'subscription_not_licensed' },
  {
    name: 'licence of another subscription',
    licence: { subscriptions: subscriptions(vmId(7)) },
    code: 'subscription_not_licensed',
  },
  {
    name: 'licence of another cloud',
    licence: { subscriptions: [{ cloud: 'AzureChinaCloud', subscriptionId: SUBSCRIPTION, until: null }] },
    code: 'subscription_not_licensed',
  },
  {
    name: 'licence for every plan, offer for one',
    licence: { plan: { publisher: 'Contoso', product: 'Firewall', name: '*' } },
    code: 'subscription_not_licensed',
  },
  { name: 'licence suspended', licence: { status: 'suspended' }, code: 'licence_suspended' },
  { name: 'licence revoked', licence: { status: 'revoked', validUntil: AT - DAY }, code: 'licence_revoked' },
  { name: 'licence starts in a moment', licence: { validFrom: AT + 1 }, code: 'licence_not_yet_valid' },
  { name: 'licence ends now', licence: { validUntil: AT }, code: 'licence_expired' },
  { name: "sku outside the offer's list", offer: { skus: ['Gen1'] }, code: 'sku_not_allowed' },
  { name: "sku outside the licence's list", licence: { skus: ['Gen1'] }, code: 'sku_not_allowed' },
  { name: 'empty sku, not named', attested: { sku: '' }, offer: { skus: ['Gen2'] }, code: 'sku_not_allowed' },
  { name: 'by file, which the offer does not allow', byFile: BY_FILE, code: 'offline_not_allowed' },
  {
    name: 'by file, and nothing of the subscription is looked at',
    ...{ byFile: BY_FILE, licences: [], code: 'offline_not_allowed' },
  },
  {
    name: 'by file, for another product',
    ...{ byFile: { product: 'contoso/router' }, offer: { offline: true }, code: 'plan_unknown' },
  },
  {
    name: 'by file, of a suspended offer',
    ...{ byFile: BY_FILE, offer: { offline: true, status: 'suspended' }, code: 'offer_suspended' },
  },
  { name: 'sku in marketplace mode', offer: { ...MARKETPLACE, skus: ['Gen1'] }, code: 'sku_not_allowed' },
  { name: 'VM outside the list', licence: { vmIds: [vmId(2)] }, code: 'vm_not_allowed' },
  { name: 'no key', keyBound: false, code: 'key_required' },
  { name: 'no key in marketplace mode', keyBound: false, offer: MARKETPLACE, code: 'key_required' },
];

test.each(REFUSALS)('refused: $name', async ({ code, ...given }) => {
  expect(await decideCase(given)).toMatchObject({ granted: false, code });
});

const GRANTS: readonly Case[] = [
  { name: 'in other cases of letters', attested: { plan: { publisher: 'CONTOSO', product: 'FireWall', name: 'PRO' } } },
  {
    name: 'by an alias',
    attested: { plan: { publisher: 'contoso', product: 'fw-preview', name: 'pro' } },
    offer: { productAliases: ['FW-Preview'] },
  },
  { name: 'claimed, and the offer allows it', attested: NO_PLAN, claimedOffer: CLAIM, offer: { withoutPlan: true } },
  { name: 'the attested plan wins over a claimed one', claimedOffer: 'contoso/other/pro' },
  { name: 'sold in this cloud', offer: { clouds: ['AzureChinaCloud', 'AzurePublicCloud'] } },
  { name: 'sku listed', offer: { skus: ['gen2'] }, licence: { skus: ['GEN2'] } },
  { name: 'empty sku, named', attested: { sku: '' }, offer: { skus: [''] } },
  { name: 'VM listed', licence: { vmIds: [vmId(2), VM_ID] } },
  { name: 'no key, none wanted', keyBound: false, offer: { requireKey: false } },
  { name: 'first moment', licence: { validFrom: AT } },
  { name: 'last moment', licence: { validUntil: AT + 1 } },
];

test.each(GRANTS)('granted: $name', async (given) => {
  expect((await granted(given)).plan).toEqual({ publisher: 'Contoso', product: 'Firewall', name: 'Pro' });
});

test('a refusal names the offer and the licence that it is about', async () => {
  const plan = { publisher: 'Contoso', product: 'Firewall', name: 'Pro' };
  expect(await decideCase({ name: '', licence: { status: 'revoked' } })).toEqual({
    granted: false,
    code: 'licence_revoked',
    plan,
    offer: 'Contoso/Firewall/Pro',
    licenceId: 'fabrikam-2026',
  });
  expect(await decideCase({ name: '', licences: [] })).toMatchObject({ plan, licenceId: null });
  expect(await decideCase({ name: '', offers: [] })).toMatchObject({ plan: null, licenceId: null });
});

test('the entitlement holds the terms of the offer and the numbers of the licence', async () => {
  const terms = { lifetime: 2 * HOUR, renewAfter: HOUR, grace: 0, lease: 3 * HOUR, keyChanges: 4, earlyRelease: true };
  const given = {
    name: '',
    offer: { ...terms, features: { tier: 'basic', logs: true } },
    licence: { features: { tier: 'full', nodes: 3 }, seats: 5, validUntil: AT + DAY },
  };
  expect(await granted(given)).toEqual({
    licenceId: 'fabrikam-2026',
    pool: { kind: 'licence', id: 'fabrikam-2026' },
    earlierPools: [],
    offer: 'Contoso/Firewall/Pro',
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'Pro' },
    features: { tier: 'full', logs: true, nodes: 3 },
    ...terms,
    ...{ seats: 5, overage: 0, class: 'production', trialEndsAt: null },
    validUntil: AT + DAY,
  });
});

test('a licence by file has a lifetime of its own, and is due in the second half of it', async () => {
  const given = { name: '', byFile: BY_FILE, offer: { offline: true, offlineLifetime: 3 * DAY + 1_000 } };
  const { lifetime, renewAfter, grace, lease } = await granted(given);
  expect({ lifetime, renewAfter, grace, lease }).toEqual({
    ...{ lifetime: 3 * DAY + 1_000, renewAfter: 1.5 * DAY, grace: 7 * DAY, lease: DAY },
  });
});

test("in marketplace mode the plan is the licence, and the seats are the subscription's", async () => {
  const every = { publisher: 'Contoso', product: 'Firewall', name: '*' };
  const entitlement = await granted({
    name: '',
    offer: { ...MARKETPLACE, plan: every, seats: 3 },
    licence: { status: 'revoked' },
  });
  expect(entitlement).toMatchObject({
    licenceId: `mp:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/*`,
    pool: { kind: 'marketplace', cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: every },
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'pro' },
    seats: 3,
    validUntil: null,
  });
});

test('the most specific offer wins, in any order, and is not passed over where it is not sold', async () => {
  const one = offer({ features: { which: 'one' } });
  const every = offer({ plan: { ...one.plan, name: '*' }, features: { which: 'every' } });
  for (const offers of [
    [one, every],
    [every, one],
  ]) {
    expect((await granted({ name: '', offers })).features).toEqual({ which: 'one' });
  }
  const elsewhere = { ...one, clouds: ['AzureChinaCloud'] };
  expect(await decideCase({ name: '', offers: [every, elsewhere] })).toMatchObject({ code: 'plan_unknown' });
});

test("a product's own name comes before another product's alias", async () => {
  const own = offer({ features: { which: 'own' } });
  const alias = offer({ plan: { ...own.plan, product: 'Other' }, productAliases: ['firewall'] });
  expect((await granted({ name: '', offers: [alias, own] })).features).toEqual({ which: 'own' });
});

test('under an offer for every plan, a licence for one plan comes before one for every plan', async () => {
  const every = { publisher: 'Contoso', product: 'Firewall', name: '*' };
  const licences = [licence({ id: 'every', plan: every }), licence({ id: 'one' })];
  expect((await granted({ name: '', offer: { plan: every }, licences })).licenceId).toBe('one');
  expect((await granted({ name: '', offer: { plan: every }, licences: licences.slice(0, 1) })).licenceId).toBe('every');
});

const FOREIGN = { plan: { publisher: 'hardened', product: 'linux', name: 'cis' } };
const OPEN = { withoutPlan: true, onForeignPlan: 'none' } as const;

test('a plan of another publisher counts as none where the offer says so, and the VM names the offer', async () => {
  const claimed = { name: '', attested: FOREIGN, claimedOffer: CLAIM };
  expect(await decideCase({ ...claimed, offer: OPEN })).toMatchObject({ granted: true });
  expect(await decideCase({ ...claimed, offer: { withoutPlan: true } })).toMatchObject({ code: 'plan_unknown' });
  expect(await decideCase({ name: '', attested: FOREIGN, offer: OPEN })).toMatchObject({ code: 'plan_unknown' });
  const own = offer({ plan: { publisher: 'contoso', product: 'router', name: 'small' } });
  const onOwn = { name: '', attested: { plan: own.plan }, claimedOffer: CLAIM };
  // The vendor's own plan is attested: what the VM claims does not matter.
  expect(await decideCase({ ...onOwn, offers: [offer(OPEN), own] })).toMatchObject({
    code: 'subscription_not_licensed',
  });
});

const TRIAL = { trial: { days: 14, seats: 3 } } as const;
const trialOf = (endsAt: number): Trial => ({
  ...{ cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: offer().plan },
  ...{ startedAt: endsAt - 14 * DAY, endsAt, seats: 3 },
});

test('a subscription without a licence begins its trial, and has it until its end', async () => {
  const given = { name: '', offer: TRIAL, licences: [] };
  const first = await decideCase(given);
  const fresh = trialOf(AT + 14 * DAY);
  expect(first).toMatchObject({
    granted: true,
    startsTrial: fresh,
    entitlement: { seats: 3, overage: 0, class: null },
  });
  const later = await decideCase({ ...given, trials: [trialOf(AT + DAY)] });
  const licenceId = `trial:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/Pro`;
  const terms = { licenceId, trialEndsAt: AT + DAY, validUntil: AT + DAY };
  expect(later).toMatchObject({ granted: true, startsTrial: null, entitlement: terms });
  expect(await decideCase({ ...given, trials: [trialOf(AT)] })).toMatchObject({ code: 'trial_ended' });
  // The offer has no trials any more: the one that was begun lasts.
  expect(await decideCase({ ...given, offer: {}, trials: [trialOf(AT + 1)] })).toMatchObject({ granted: true });
  expect(await decideCase({ ...given, offer: {}, trials: [trialOf(AT)] })).toMatchObject({ code: 'trial_ended' });
});

test('a licence comes before a trial, whose pool the VMs come from', async () => {
  const given = { name: '', offer: TRIAL, trials: [trialOf(AT + DAY)] };
  expect(await decideCase(given)).toMatchObject({
    granted: true,
    entitlement: { licenceId: 'fabrikam-2026', trialEndsAt: null, earlierPools: [{ kind: 'trial' }] },
  });
  expect(await decideCase({ ...given, licence: { status: 'suspended' } })).toMatchObject({ code: 'licence_suspended' });
});

test('in marketplace mode an override changes what one subscription has', async () => {
  const plain: Override = { ...overrideEntry.parse({}), seats: 7, overage: '50%', features: { tier: 'private' } };
  const given = (override: Partial<Override>) => ({
    ...{ name: '', offer: { ...MARKETPLACE, seats: 3, features: { logs: true } } },
    overrides: [
      {
        ...{ cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: offer().plan },
        override: { ...plain, ...override },
      },
    ],
  });
  expect(await granted(given({}))).toMatchObject({
    ...{ seats: 7, overage: 3, validUntil: null, class: null },
    ...{
      licenceId: `mp:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/Pro`,
      features: { logs: true, tier: 'private' },
    },
  });
  expect(await granted(given({ seats: null, validUntil: AT + 1 }))).toMatchObject({ seats: 3, validUntil: AT + 1 });
  expect(await decideCase(given({ status: 'suspended' }))).toMatchObject({ code: 'licence_suspended' });
  expect(await decideCase(given({ validUntil: AT }))).toMatchObject({ code: 'licence_expired' });
});

test('while a subscription moves, its VMs are entitled by both licences until the end', async () => {
  const vm = attestation();
  const leavingUntil = (until: number) =>
    licence({ id: 'old', subscriptions: [{ cloud: vm.cloud, subscriptionId: SUBSCRIPTION, until }] });
  const asked = { vm, keyBound: true, at: AT };
  const read = (licences: readonly Licence[]) => readTerms(memoryCatalogue([offer()], licences), vm, { at: AT });
  const during = await read([leavingUntil(AT + 1), licence({ id: 'new' })]);
  expect(decide(during, asked)).toMatchObject({ granted: true, entitlement: { licenceId: 'new' } });
  expect(decideLeaving(during, asked)).toMatchObject({ licenceId: 'old', earlierPools: [] });
  const alone = await read([leavingUntil(AT + 1)]);
  expect(decide(alone, asked)).toMatchObject({ granted: true, entitlement: { licenceId: 'old' } });
  const after = await read([leavingUntil(AT), licence({ id: 'new' })]);
  const from = [{ kind: 'licence', id: 'old' }];
  expect(decide(after, asked)).toMatchObject({ granted: true, entitlement: { licenceId: 'new', earlierPools: from } });
  expect(decideLeaving(after, asked)).toBeNull();
  expect(decide(await read([leavingUntil(AT)]), asked)).toMatchObject({ code: 'subscription_not_licensed' });
});

test('a licence for all of the emulator counts there alone, and after one for the subscription', async () => {
  const vm = attestation({ cloud: 'emulator' });
  const all = licence({ id: 'all', subscriptions: '*' });
  const own = licence({ id: 'own', subscriptions: [{ cloud: 'emulator', subscriptionId: SUBSCRIPTION, until: null }] });
  const idFor = async (licences: readonly Licence[], whose = vm) => {
    const terms = await readTerms(memoryCatalogue([offer()], licences), whose, { at: AT });
    return terms.found ? terms.licence?.id : terms.code;
  };
  expect(await idFor([all])).toBe('all');
  expect(await idFor([own, all])).toBe('own');
  expect(await idFor([all], attestation())).toBeUndefined();
});

test('a subscription is found in two reads, and licences are read in licensed mode alone', async () => {
  const vm = attestation();
  const reads: string[] = [];
  const counting = (offers: readonly Offer[]): Catalogue => {
    const catalogue = memoryCatalogue(offers, [licence()]);
    const read = <T>(what: string, answer: Promise<T>) => {
      reads.push(what);
      return answer;
    };
    return {
      readOffers: () => read('offers', catalogue.readOffers()),
      readHoldings: (key) => read(`${key.cloud}/${key.subscriptionId}`, catalogue.readHoldings(key)),
      lookUpLicence: (id) => read(id, catalogue.lookUpLicence(id)),
    };
  };
  expect(await readTerms(counting([offer()]), vm, { at: AT })).toMatchObject({ licence: licence() });
  const subscription = `AzurePublicCloud/${SUBSCRIPTION}`;
  expect(reads.splice(0)).toEqual(['offers', subscription, 'fabrikam-2026']);
  const sold = counting([offer(MARKETPLACE)]);
  expect(await readTerms(sold, vm, { at: AT })).toMatchObject({ found: true, licence: null });
  expect(reads.splice(0)).toEqual(['offers', subscription]);
  expect(await readTerms(counting([]), vm, { at: AT })).toMatchObject({ code: 'plan_unknown' });
  expect(reads).toEqual(['offers']);
});
