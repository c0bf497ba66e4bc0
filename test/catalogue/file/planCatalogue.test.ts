import { expect, test } from 'vitest';

import { placeInCatalogue } from '../../../src/catalogue/file/cataloguePlan.ts';
import type { CatalogueFile, StoredCatalogue } from '../../../src/catalogue/file/cataloguePlan.ts';
import { planCatalogue } from '../../../src/catalogue/file/planCatalogue.ts';
import type { Licence } from '../../../src/catalogue/licence.ts';
import type { Offer } from '../../../src/catalogue/offer.ts';
import type { Recorded } from '../../../src/contract/stored.ts';
import { AT, licence, offer, vmId } from '../../support/licensing.ts';

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

const twins: readonly Licence[] = [1, 2].map((number) => licence({ id: 'twin', subscriptionId: vmId(number) }));
const rivals: readonly Offer[] = ['One', 'Two'].map((product) =>
  offer({ plan: plan(product), productAliases: ['preview'] }),
);

test('licences that have one id can each be changed, and so can every other row', () => {
  const held = { licences: twins };
  for (const twin of twins) expect(problems(held, { licences: [{ ...twin, status: 'suspended' }] })).toEqual([]);
  expect(problems(held, { licences: [licence({ id: 'other' })] })).toEqual([]);
  expect(problems(held, { offers: [offer({ status: 'suspended' })] })).toEqual([]);
  expect(problems(held, { licences: twins })).toEqual([]);
});

test('no licence is added under an id that is taken, in the store or in the file', () => {
  const added = licence({ id: 'TWIN', subscriptionId: vmId(3) });
  expect(problems({ licences: twins }, { licences: [added] })).toEqual([
    expect.stringMatching(/^licences\[0\]\.id: the licence of subscription .* has the id twin: choose another$/),
  ]);
  expect(problems({}, { licences: twins })).toEqual([expect.stringMatching(/^licences\[1\]\.id: /)]);
  expect(problems({ licences: twins.slice(0, 1) }, { licences: [added, ...twins.slice(0, 1)] })).toEqual([
    expect.stringMatching(/^licences\[0\]\.id: /),
  ]);
});

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
  expect(problems(held, { licences: [licence({ id: 'new', subscriptionId: vmId(1) })] })).toEqual([
    expect.stringMatching(/^licences\[0\]\.offer: /),
  ]);
});

test('a licence stays the row that it is where another offer came to have its name', () => {
  const old = licence({ plan: plan('Old') });
  const held = { offers: [offer({ plan: plan('New'), productAliases: ['old'] })], licences: [old] };
  const planned = planCatalogue(stored(held), { offers: [], licences: [{ ...old, status: 'suspended' }] });
  expect(planned.ok && planned.plan.licences).toMatchObject([{ value: { plan: old.plan }, stored: { value: old } }]);
});

test('a licence keeps its id, also in a file', () => {
  const file = { licences: [licence({ id: 'new', subscriptionId: vmId(1) }), licence({ id: 'renamed' })] };
  expect(problems({ licences: [licence()] }, file)).toEqual([
    'licences[1].id: a licence keeps its id, and the subscription has fabrikam-2026 for this offer: change that one',
  ]);
  expect(problems({ licences: [licence()] }, { licences: [licence({ id: 'FABRIKAM-2026' })] })).toEqual([]);
});

test('two licences of one subscription and offer are told as such, and whether one has an alias', () => {
  const held = { offers: [offer({ productAliases: ['preview'] })] };
  const by = (product: string) => [licence(), licence({ id: 'second', plan: plan(product, 'pro') })];
  expect(problems(held, { licences: by('FIREWALL') })).toEqual([
    'licences[1].offer: fabrikam-2026 is for this subscription and offer too: merge the two',
  ]);
  expect(problems(held, { licences: by('preview') })).toEqual([
    'licences[1].offer: fabrikam-2026 is for this subscription and offer too, which one of them names by an alias: merge the two',
  ]);
});

test('an offer stays licensed while licences stand under it', () => {
  const [one, two] = [licence({ status: 'revoked' }), licence({ id: 'second', subscriptionId: vmId(1) })];
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
