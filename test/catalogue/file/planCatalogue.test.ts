import { expect, test } from 'vitest';

import { placeInCatalogue } from '../../../src/catalogue/file/cataloguePlan.ts';
import type { CatalogueFile, StoredCatalogue } from '../../../src/catalogue/file/cataloguePlan.ts';
import { planCatalogue } from '../../../src/catalogue/file/planCatalogue.ts';
import type { Offer } from '../../../src/catalogue/offer.ts';
import type { Recorded } from '../../../src/contract/stored.ts';
import { AT, licence, offer, SUBSCRIPTION, subscriptions, vmId } from '../../support/licensing.ts';

const plan = (product: string, name = 'Pro') => ({ publisher: 'Contoso', product, name });

function stored({ offers = [offer()], licences = [] }: Partial<CatalogueFile>): StoredCatalogue {
  const record = <T>(value: T): Recorded<T> => ({ value, version: 'v', change: { by: 'before', at: AT } });
  return { offers: offers.map(record), licences: licences.map(record) };
}

/** `licences[0].id: …` of each problem; empty where the file can be applied. */
function problems(held: Partial<CatalogueFile>, { offers = [], licences = [] }: Partial<CatalogueFile>): string[] {
  const planned = planCatalogue(stored(held), { offers, licences });
  if (planned.ok) return [];
  return planned.problems.map(placeInCatalogue).map(({ field, message }) => `${field}: ${message}`);
}

const rivals: readonly Offer[] = ['One', 'Two'].map((product) =>
  offer({ plan: plan(product), productAliases: ['preview'] }),
);

test('no subscription comes under two licences, in the store or in the file', () => {
  const held = { licences: [licence()] };
  const second = licence({ id: 'second' });
  const clash = `the licence, fabrikam-2026, has the subscription ${SUBSCRIPTION} for this offer: remove it there, or give it an end ("until") there to move it`;
  expect(problems(held, { licences: [second] })).toEqual([`licences[0].subscriptions: ${clash}`]);
  expect(problems({}, { licences: [licence(), second] })).toEqual([
    expect.stringMatching(
      /^licences\[1\]\.subscriptions: another licence of the file, fabrikam-2026, has the subscription/,
    ),
  ]);
  expect(problems(held, { licences: [{ ...second, subscriptions: subscriptions(vmId(1), vmId(2)) }] })).toEqual([]);
  expect(problems(held, { licences: [licence({ subscriptions: subscriptions(vmId(1)) }), second] })).toEqual([]);
});

test('a subscription moves with an overlap: it has an end on one licence, and comes under another', () => {
  const old = licence({ subscriptions: [{ ...LEAVING, until: AT + 1 }] });
  const second = licence({ id: 'second' });
  expect(problems({ licences: [licence()] }, { licences: [old, second] })).toEqual([]);
  expect(problems({ licences: [old] }, { licences: [second] })).toEqual([]);
  expect(problems({ licences: [old, second] }, { licences: [licence()] })).toHaveLength(1);
});

test('rows that are at odds can each be changed, and so can every other row', () => {
  const rivals = [licence({ id: 'one' }), licence({ id: 'two' })];
  for (const rival of rivals) {
    expect(problems({ licences: rivals }, { licences: [{ ...rival, status: 'suspended' }] })).toEqual([]);
  }
  expect(problems({ licences: rivals }, { offers: [offer({ status: 'suspended' })] })).toEqual([]);
});

test('a licence is in a file once', () => {
  expect(problems({}, { licences: [licence(), licence({ id: 'FABRIKAM-2026' })] })).toContain(
    'licences[1].id: FABRIKAM-2026 is in the file twice: merge the two',
  );
});

const LEAVING = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };

test('offers that share an alias can each be changed, and so can every other row', () => {
  const held = { offers: [offer(), ...rivals] };
  for (const rival of rivals) expect(problems(held, { offers: [{ ...rival, grace: 0 }] })).toEqual([]);
  expect(problems(held, { offers: [offer({ status: 'suspended' })], licences: [licence()] })).toEqual([]);
});

test('no offer brings in a name that another has, as its own or as an alias', () => {
  const taken = 'offers[0].productAliases: shares a name of the product with the offer Contoso/One/Pro';
  const held = { offers: [offer(), ...rivals.slice(0, 1)] };
  expect(problems(held, { offers: [offer({ productAliases: ['PREVIEW'] })] })).toEqual([
    `${taken}: remove the alias from one of them`,
  ]);
  expect(problems(held, { offers: [offer({ plan: plan('preview') })] })).toHaveLength(1);
  expect(problems(held, { offers: [offer({ productAliases: ['firewall', 'new', 'new'] })] })).toEqual([]);
  expect(problems({}, { offers: rivals })).toEqual([expect.stringMatching(/^offers\[1\]\.productAliases: /)]);
});

test('an alias moves from one offer to another in one file', () => {
  const [one, two] = rivals as [Offer, Offer];
  const held = { offers: [one, { ...two, productAliases: [] }] };
  expect(problems(held, { offers: [two, { ...one, productAliases: [] }] })).toEqual([]);
});

test.each([
  ['is gone', []],
  ['is in marketplace mode', [offer({ mode: 'marketplace' })]],
])('a licence whose offer %s can be changed, and none is added', (_, offers) => {
  const held = { offers, licences: [licence()] };
  expect(problems(held, { licences: [licence({ status: 'revoked', seats: 1 })] })).toEqual([]);
  expect(problems(held, { licences: [licence({ id: 'new', subscriptions: subscriptions(vmId(1)) })] })).toEqual([
    expect.stringMatching(/^licences\[0\]\.offer: /),
  ]);
});

test('a licence stays the row that it is where another offer came to have its name', () => {
  const old = licence({ plan: plan('Old') });
  const held = { offers: [offer({ plan: plan('New'), productAliases: ['old'] })], licences: [old] };
  const planned = planCatalogue(stored(held), { offers: [], licences: [{ ...old, status: 'suspended' }] });
  expect(planned.ok && planned.plan.licences).toMatchObject([{ value: { plan: old.plan }, stored: { value: old } }]);
});

test('a licence keeps its offer', () => {
  const held = { offers: [offer(), offer({ plan: plan('Other') })], licences: [licence()] };
  expect(problems(held, { licences: [licence({ plan: plan('Other') })] })).toEqual([
    'licences[0].offer: a licence keeps its offer, and fabrikam-2026 is for Contoso/Firewall/Pro: create another licence',
  ]);
  expect(problems(held, { licences: [licence({ id: 'FABRIKAM-2026', seats: 1 })] })).toEqual([]);
});

test('two licences of one subscription and offer are told as such, also by an alias', () => {
  const held = { offers: [offer({ productAliases: ['preview'] })] };
  for (const product of ['FIREWALL', 'preview']) {
    const second = licence({ id: 'second', plan: plan(product, 'pro') });
    expect(problems(held, { licences: [licence(), second] })).toEqual([
      expect.stringMatching(/^licences\[1\]\.subscriptions: another licence of the file, fabrikam-2026, /),
    ]);
  }
});

test('an offer stays licensed while licences stand under it', () => {
  const [one, two] = [licence({ status: 'revoked' }), licence({ id: 'second', subscriptions: subscriptions(vmId(1)) })];
  const sold = offer({ mode: 'marketplace' });
  expect(problems({ licences: [one, two] }, { offers: [sold] })).toEqual([
    'offers[0].mode: must stay "licensed" while licences stand under the offer: 2 licences, fabrikam-2026 among them; delete them first',
  ]);
  const elsewhere = licence({ plan: plan('Other') });
  expect(
    problems({ offers: [offer(), offer({ plan: plan('Other') })], licences: [elsewhere] }, { offers: [sold] }),
  ).toEqual([]);
  expect(problems({ offers: [sold], licences: [one] }, { offers: [{ ...sold, grace: 0 }] })).toEqual([]);
});

test('a new offer in marketplace mode takes no licences from the offer of every plan', () => {
  const held = { offers: [offer({ plan: plan('Firewall', '*') })], licences: [licence()] };
  expect(problems(held, { offers: [offer({ mode: 'marketplace' })] })).toEqual([
    expect.stringContaining('offers[0].mode: must stay "licensed"'),
  ]);
  expect(problems(held, { offers: [offer({ mode: 'marketplace', plan: plan('Firewall', 'Basic') })] })).toEqual([]);
});

test('an offer keeps the names by which licences count under it, and takes none over into marketplace mode', () => {
  const every = offer({ plan: plan('Preview', '*') });
  const held = {
    offers: [every, offer({ productAliases: ['Preview'] })],
    licences: [licence({ plan: plan('Preview') })],
  };
  // Without the alias the licence would come under the other one, which is licensed too.
  expect(problems(held, { offers: [offer()] })).toEqual([]);
  const told =
    'must stay as they are while licences count by these names: 1 licence, fabrikam-2026 among them; delete them first';
  expect(problems({ ...held, offers: held.offers.slice(1) }, { offers: [offer()] })).toEqual([
    `offers[0].productAliases: ${told}`,
  ]);
  const sold = offer({ mode: 'marketplace' });
  const taken = { offers: [every, sold], licences: held.licences };
  expect(problems(taken, { offers: [{ ...sold, productAliases: ['preview'] }] })).toEqual([
    `offers[0].productAliases: ${told}`,
  ]);
});
