import { expect, test } from 'vitest';

import type { AttestedVm } from '../../src/contract/attestation.ts';
import type { LicenceCode } from '../../src/contract/codes.ts';
import { addLicence, findOffer, readTerms } from '../../src/catalogue/findOffer.ts';
import { decide } from '../../src/decisions/decide.ts';
import type { Decision } from '../../src/decisions/decide.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import type { Catalogue } from '../../src/catalogue/store.ts';
import { AT, attestation, DAY, HOUR, licence, offer, SUBSCRIPTION, VM_ID, vmId } from '../support/licensing.ts';

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
}

function decideCase(given: Case): Decision {
  const { claimedOffer, keyBound = true } = given;
  const vm = attestation(given.attested);
  const match = findOffer(given.offers ?? [offer(given.offer)], vm.plan, claimedOffer);
  return decide(addLicence(match, given.licences ?? [licence(given.licence)], vm), { vm, keyBound, at: AT });
}

function granted(given: Case): Entitlement {
  const decision = decideCase(given);
  if (!decision.granted) throw new Error(`refused: ${decision.code}`);
  return decision.entitlement;
}

const NO_PLAN = { plan: { publisher: '', product: '', name: '' } };
const CLAIM = 'contoso/firewall/pro';
const MARKETPLACE = { mode: 'marketplace' } as const;

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
  { name: 'licence of another subscription', licence: { subscriptionId: vmId(7) }, code: 'subscription_not_licensed' },
  { name: 'licence of another cloud', licence: { cloud: 'AzureChinaCloud' }, code: 'subscription_not_licensed' },
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
  { name: 'sku in marketplace mode', offer: { ...MARKETPLACE, skus: ['Gen1'] }, code: 'sku_not_allowed' },
  { name: 'VM outside the list', licence: { vmIds: [vmId(2)] }, code: 'vm_not_allowed' },
  { name: 'no key', keyBound: false, code: 'key_required' },
  { name: 'no key in marketplace mode', keyBound: false, offer: MARKETPLACE, code: 'key_required' },
];

test.each(REFUSALS)('refused: $name', ({ code, ...given }) => {
  expect(decideCase(given)).toMatchObject({ granted: false, code });
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

test.each(GRANTS)('granted: $name', (given) => {
  expect(granted(given).plan).toEqual({ publisher: 'Contoso', product: 'Firewall', name: 'Pro' });
});

test('a refusal names the offer and the licence that it is about', () => {
  const plan = { publisher: 'Contoso', product: 'Firewall', name: 'Pro' };
  expect(decideCase({ name: '', licence: { status: 'revoked' } })).toEqual({
    granted: false,
    code: 'licence_revoked',
    plan,
    licenceId: 'fabrikam-2026',
  });
  expect(decideCase({ name: '', licences: [] })).toMatchObject({ plan, licenceId: null });
  expect(decideCase({ name: '', offers: [] })).toMatchObject({ plan: null, licenceId: null });
});

test('the entitlement holds the terms of the offer and the numbers of the licence', () => {
  const terms = { lifetime: 2 * HOUR, renewAfter: HOUR, grace: 0, lease: 3 * HOUR, keyChanges: 4, earlyRelease: true };
  const given = {
    name: '',
    offer: { ...terms, features: { tier: 'basic', logs: true } },
    licence: { features: { tier: 'full', nodes: 3 }, seats: 5, validUntil: AT + DAY },
  };
  expect(granted(given)).toEqual({
    licenceId: 'fabrikam-2026',
    pool: { mode: 'licensed', cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: licence().plan },
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'Pro' },
    features: { tier: 'full', logs: true, nodes: 3 },
    ...terms,
    seats: 5,
    validUntil: AT + DAY,
  });
});

test("in marketplace mode the plan is the licence, and the seats are the subscription's", () => {
  const every = { publisher: 'Contoso', product: 'Firewall', name: '*' };
  const entitlement = granted({
    name: '',
    offer: { ...MARKETPLACE, plan: every, seats: 3 },
    licence: { status: 'revoked' },
  });
  expect(entitlement).toMatchObject({
    licenceId: `mp:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/*`,
    pool: { mode: 'marketplace', plan: every },
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'pro' },
    seats: 3,
    validUntil: null,
  });
});

test('the most specific offer wins, in any order, and is not passed over where it is not sold', () => {
  const one = offer({ features: { which: 'one' } });
  const every = offer({ plan: { ...one.plan, name: '*' }, features: { which: 'every' } });
  for (const offers of [
    [one, every],
    [every, one],
  ]) {
    expect(granted({ name: '', offers }).features).toEqual({ which: 'one' });
  }
  const elsewhere = { ...one, clouds: ['AzureChinaCloud'] };
  expect(decideCase({ name: '', offers: [every, elsewhere] })).toMatchObject({ code: 'plan_unknown' });
});

test("a product's own name comes before another product's alias", () => {
  const own = offer({ features: { which: 'own' } });
  const alias = offer({ plan: { ...own.plan, product: 'Other' }, productAliases: ['firewall'] });
  expect(granted({ name: '', offers: [alias, own] }).features).toEqual({ which: 'own' });
});

test('under an offer for every plan, a licence for one plan comes before one for every plan', () => {
  const every = { publisher: 'Contoso', product: 'Firewall', name: '*' };
  const licences = [licence({ id: 'every', plan: every }), licence({ id: 'one' })];
  expect(granted({ name: '', offer: { plan: every }, licences }).licenceId).toBe('one');
  expect(granted({ name: '', offer: { plan: every }, licences: licences.slice(0, 1) }).licenceId).toBe('every');
});

function catalogue(offers: readonly Offer[], reads: string[]): Catalogue {
  return {
    readOffers: () => {
      reads.push('offers');
      return Promise.resolve(offers);
    },
    readLicences: (cloud, subscriptionId) => {
      reads.push(`licences of ${cloud}/${subscriptionId}`);
      return Promise.resolve([licence()]);
    },
  };
}

test('licences are read in licensed mode alone', async () => {
  const vm = attestation();
  const reads: string[] = [];
  expect(await readTerms(catalogue([offer()], reads), vm)).toMatchObject({ licence: licence() });
  expect(reads.splice(0)).toEqual(['offers', `licences of AzurePublicCloud/${SUBSCRIPTION}`]);
  expect(await readTerms(catalogue([offer(MARKETPLACE)], reads), vm)).toMatchObject({ found: true, licence: null });
  expect(await readTerms(catalogue([], reads), vm)).toMatchObject({ code: 'plan_unknown' });
  expect(reads).toEqual(['offers', 'offers']);
});
