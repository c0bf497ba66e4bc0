import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { CatalogueError, parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import { DAY, HOUR, licence, MINUTE, offer, SUBSCRIPTION, vmId } from '../../support/licensing.ts';

const OFFER = { offer: 'Contoso/Firewall/Pro', mode: 'licensed' };
const LICENCE = {
  id: 'fabrikam-2026',
  cloud: 'AzurePublicCloud',
  subscription: SUBSCRIPTION,
  offer: 'Contoso/Firewall/Pro',
  seats: 20,
};

function parse(file: unknown) {
  return parseCatalogue(file);
}

function problems(file: unknown): readonly string[] {
  try {
    parse(file);
  } catch (error) {
    if (error instanceof CatalogueError) return error.message.split('\n- ').slice(1);
    throw error;
  }
  return [];
}

test('an offer and a licence have the defaults of the protocol', () => {
  expect(parse({ offers: [OFFER], licences: [LICENCE] })).toEqual({ offers: [offer()], licences: [licence()] });
  expect(parse({})).toEqual({ offers: [], licences: [] });
});

test('every setting is read', () => {
  const terms = { lifetime: 'PT2H', renewAfter: 'PT30M', grace: 'PT0S', lease: 'P1D', offlineLifetime: 'P3D' };
  const switches = { requireKey: false, keyChanges: 5, withoutPlan: true, earlyRelease: true, offline: true };
  const lists = { productAliases: ['firewall-preview'], clouds: ['AzureChinaCloud'], skus: ['Gen2', ''] };
  const features = { tier: 'full', nodes: 3, logs: true };
  expect(
    parse({ offers: [{ ...OFFER, status: 'suspended', ...terms, ...switches, ...lists, features }] }).offers,
  ).toEqual([
    offer({
      status: 'suspended',
      ...{ lifetime: 2 * HOUR, renewAfter: 30 * MINUTE, grace: 0, lease: DAY, offlineLifetime: 3 * DAY },
      ...switches,
      ...lists,
      features,
    }),
  ]);
  const bounded = {
    ...{
      seats: 'unlimited',
      status: 'revoked',
      validFrom: '2026-01-01T00:00:00Z',
      validUntil: '2027-01-01T01:00:00+01:00',
    },
    ...{
      vmIds: [vmId(1).toUpperCase()],
      skus: ['Gen1'],
      features,
      note: 'by hand',
      subscription: SUBSCRIPTION.toUpperCase(),
    },
  };
  expect(parse({ licences: [{ ...LICENCE, ...bounded }] }).licences).toEqual([
    licence({
      ...{ seats: 'unlimited', status: 'revoked', skus: ['Gen1'], features, note: 'by hand', vmIds: [vmId(1)] },
      ...{ validFrom: Date.UTC(2026, 0, 1), validUntil: Date.UTC(2027, 0, 1) },
    }),
  ]);
});

test('in marketplace mode seats are of the offer, and a short lifetime is renewed half-way', () => {
  const [first] = parse({ offers: [{ offer: 'c/f/*', mode: 'marketplace', seats: 3, lifetime: 'PT1H' }] }).offers;
  expect(first).toMatchObject({ plan: { publisher: 'c', product: 'f', name: '*' }, seats: 3 });
  expect(first).toMatchObject({ lifetime: HOUR, renewAfter: 30 * MINUTE, lease: HOUR });
});

/** Each of them, and their number, is all right. */
const ONE = { cloud: 'AzurePublicCloud', subscription: LICENCE.subscription };
const LIST = { cloud: undefined, subscription: undefined };
const MANY = Array.from({ length: 501 }, (_, index) => ({ ...ONE, subscription: vmId(index) }));

const WRONG: readonly [name: string, file: unknown, problem: string | RegExp][] = [
  ['not an object', [], /^the file: must be an object with "offers" and "licences"/],
  ['a key at the top', { offer: [] }, 'the file: the key "offer" is not known: remove it, or correct its name'],
  [
    'a key of an offer',
    { offers: [{ ...OFFER, seat: 1 }] },
    'offers[0]: the key "seat" is not known: remove it, or correct its name',
  ],
  ['offers not a list', { offers: {} }, 'offers: must be a list'],
  [
    'no mode',
    { offers: [{ offer: 'c/f/p' }] },
    /^offers\[0\]\.mode: is missing: it must be "marketplace" .* or "licensed"$/,
  ],
  ['a wrong mode', { offers: [{ ...OFFER, mode: 'free' }] }, /^offers\[0\]\.mode: must be "marketplace"/],
  ['no plan', { offers: [{ ...OFFER, offer: 'c/f' }] }, /^offers\[0\]\.offer: must be "publisher\/product\/plan"/],
  ['a star for a product', { offers: [{ ...OFFER, offer: 'c/*/p' }] }, /^offers\[0\]\.offer: must be "publisher/],
  [
    'a number of hours',
    { offers: [{ ...OFFER, lifetime: 24 }] },
    /^offers\[0\]\.lifetime: must be a duration .* "PT24H"/,
  ],
  [
    'too long a time',
    { offers: [{ ...OFFER, grace: 'P401D' }] },
    /^offers\[0\]\.grace: must be a duration .* at most "P400D"/,
  ],
  [
    'a lifetime of a minute',
    { offers: [{ ...OFFER, lifetime: 'PT1M' }] },
    'offers[0].lifetime: must be at least "PT5M"',
  ],
  [
    'a licence by file for a minute',
    { offers: [{ ...OFFER, offlineLifetime: 'PT1M' }] },
    'offers[0].offlineLifetime: must be at least "PT5M"',
  ],
  [
    'renewal after expiry',
    { offers: [{ ...OFFER, renewAfter: 'P2D' }] },
    /^offers\[0\]\.renewAfter: must be .* less than lifetime/,
  ],
  [
    'a lease within the lifetime',
    { offers: [{ ...OFFER, lease: 'PT1H' }] },
    /^offers\[0\]\.lease: must be at least lifetime/,
  ],
  [
    'seats of a licensed offer',
    { offers: [{ ...OFFER, seats: 3 }] },
    /^offers\[0\]\.seats: must be left out in licensed mode/,
  ],
  [
    'a claimed plan in marketplace mode',
    { offers: [{ ...OFFER, mode: 'marketplace', withoutPlan: true }] },
    /^offers\[0\]\.withoutPlan: must be false in marketplace mode/,
  ],
  ['a word for a switch', { offers: [{ ...OFFER, requireKey: 'no' }] }, 'offers[0].requireKey: must be true or false'],
  [
    'half a key change',
    { offers: [{ ...OFFER, keyChanges: 0.5 }] },
    'offers[0].keyChanges: must be a whole number up to 50',
  ],
  ['an empty list', { offers: [{ ...OFFER, skus: [] }] }, 'offers[0].skus: must be "*" or a list of 1 to 500 skus'],
  [
    'a star in a list',
    { offers: [{ ...OFFER, skus: ['Gen2', '*'] }] },
    /^offers\[0\]\.skus\[1\]: must be a sku .* not "\*" inside a list$/,
  ],
  [
    'a word for a list',
    { offers: [{ ...OFFER, clouds: 'all' }] },
    'offers[0].clouds: must be "*" or a list of 1 to 500 clouds',
  ],
  [
    'a list as a feature',
    { offers: [{ ...OFFER, features: { a: [] } }] },
    'offers[0].features.a: must be true, false, a number or a string',
  ],
  [
    'a feature without a name',
    { offers: [{ ...OFFER, features: { '': 1 } }] },
    /^offers\[0\]\.features\.: must be a name/,
  ],
  [
    'features too long',
    { offers: [{ ...OFFER, features: { a: 'x'.repeat(5_000) } }] },
    /^offers\[0\]\.features: must be an object of at most 64/,
  ],
  [
    'a feature that objects have of themselves',
    { offers: [{ ...OFFER, features: JSON.parse('{"__proto__": 1, "a": 1}') as object }] },
    /^offers\[0\]\.features\.__proto__: must be a name/,
  ],
  [
    'a cloud that does not exist',
    { licences: [{ ...LICENCE, cloud: 'AzurPublicCloud' }] },
    'licences[0].cloud: must be the name of a cloud: AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, AzureGermanCloud, emulator',
  ],
  [
    'an offer for a cloud that does not exist',
    { offers: [{ ...OFFER, clouds: ['AzureChinaCloud', 'AzureMarsCloud'] }] },
    /^offers\[0\]\.clouds\[1\]: must be the name of a cloud: AzurePublicCloud/,
  ],
  ['a word for an offer', { offers: ['x'] }, 'offers[0]: must be an object with the members of an offer'],
  ['a word for a licence', { licences: [null] }, 'licences[0]: must be an object with the members of a licence'],
  [
    'no seats',
    { licences: [{ ...LICENCE, seats: undefined }] },
    'licences[0].seats: is missing: it must be "unlimited" or a whole number up to 100000',
  ],
  [
    'seats below nothing',
    { licences: [{ ...LICENCE, seats: -1 }] },
    'licences[0].seats: must be "unlimited" or a whole number up to 100000',
  ],
  ['an id with a colon', { licences: [{ ...LICENCE, id: 'mp:x' }] }, /^licences\[0\]\.id: must be 1 to 64 letters/],
  [
    'no subscription',
    { licences: [{ ...LICENCE, subscription: 'mine' }] },
    /^licences\[0\]\.subscription: must be a UUID/,
  ],
  ['a wrong VM', { licences: [{ ...LICENCE, vmIds: [vmId(1), 'web'] }] }, /^licences\[0\]\.vmIds\[1\]: must be a UUID/],
  [
    'a time without a zone',
    { licences: [{ ...LICENCE, validFrom: '2026-01-01T00:00:00' }] },
    /^licences\[0\]\.validFrom: must be a time with its zone/,
  ],
  [
    'an end before the start',
    { licences: [{ ...LICENCE, validFrom: '2027-01-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' }] },
    'licences[0].validUntil: must be later than validFrom',
  ],
  [
    'one plan twice',
    { offers: [OFFER, { ...OFFER, offer: 'CONTOSO/firewall/pro' }] },
    /^offers\[1\]\.offer: offers\[0\] has this plan already/,
  ],
  [
    "another's alias",
    { offers: [OFFER, { ...OFFER, offer: 'contoso/other/pro', productAliases: ['FIREWALL'] }] },
    /^offers\[1\]\.offer: offers\[0\] has this plan already, or an alias/,
  ],
  [
    'one id twice',
    { licences: [LICENCE, { ...LICENCE, id: 'FABRIKAM-2026', cloud: 'AzureChinaCloud' }] },
    'licences[1].id: licences[0] has this id: choose another',
  ],
  ...(
    [
      ['no subscription', { subscription: undefined, cloud: undefined }, 'subscriptions: is missing'],
      ['a cloud alone', { subscription: undefined }, 'subscription: is missing'],
      ['a subscription alone', { cloud: undefined }, 'cloud: is missing'],
      ['both forms', { subscriptions: [ONE], cloud: undefined }, 'subscription: must be left out'],
      ['a list and a cloud', { subscriptions: [ONE], subscription: undefined }, 'cloud: must be left out'],
      ['a list twice', { ...LIST, subscriptions: [ONE, ONE] }, 'subscriptions[1]: is there twice'],
      ['an empty list', { ...LIST, subscriptions: [] }, 'subscriptions: must be a list of 1 to 500'],
      ['too long a list', { ...LIST, subscriptions: MANY }, 'subscriptions: must be a list of 1 to 500'],
      ['all of a real cloud', { subscriptions: '*', subscription: undefined }, 'subscriptions: must be a list'],
      ['a share without a number', { overage: '%' }, 'overage: must be a whole number'],
      ['a negative overage', { overage: -1 }, 'overage: must be a whole number'],
      ['half a VM more', { overage: 0.5 }, 'overage: must be a whole number'],
      ['another class', { class: 'test' }, 'class: must be "production" or "development"'],
      ['a customer without a name', { customer: { reference: 'x' } }, 'customer.name: is missing'],
    ] as const
  ).map(([name, changed, problem]): (typeof WRONG)[number] => [
    name,
    { licences: [{ ...LICENCE, ...changed }] },
    `licences[0].${problem}`,
  ]),
  [
    'one subscription twice',
    { licences: [LICENCE, { ...LICENCE, id: 'other' }] },
    /^licences\[1\]: licences\[0\] has one of these subscriptions/,
  ],
];

test.each(WRONG)('refused: %s', (_, file, problem) => {
  const found = problems(file);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(problem);
});

test('all problems are told at once', () => {
  expect(problems({ offers: [{ ...OFFER, mode: 'x', grace: 1 }], licences: [{ ...LICENCE, id: '' }] })).toHaveLength(3);
});

test('a cloud may be named in any case of letters, and is kept under its own', () => {
  const { offers, licences } = parse({
    offers: [{ ...OFFER, clouds: ['azurechinacloud'] }],
    licences: [{ ...LICENCE, cloud: 'azurepubliccloud' }],
  });
  expect([offers[0]?.clouds, licences[0]?.subscriptions]).toMatchObject([
    ['AzureChinaCloud'],
    [{ cloud: 'AzurePublicCloud' }],
  ]);
});

test('half an odd lifetime is rounded down to whole seconds, as files have them', () => {
  expect(parse({ offers: [{ ...OFFER, lifetime: 'PT5M1S' }] }).offers[0]?.renewAfter).toBe(150_000);
});

const OFFER_MEMBERS = [
  ...['offer', 'mode', 'productAliases', 'status', 'clouds', 'skus', 'seats', 'lifetime', 'renewAfter', 'grace'],
  ...['lease', 'requireKey', 'keyChanges', 'withoutPlan', 'earlyRelease', 'offline', 'offlineLifetime', 'features'],
];
const LICENCE_MEMBERS = [
  ...['id', 'cloud', 'subscription', 'offer', 'seats', 'status', 'validFrom', 'validUntil', 'vmIds', 'skus'],
  ...['features', 'note'],
];

test('whatever a member holds, people are told what it must be', () => {
  const json = fc.jsonValue({ maxDepth: 2 });
  const value = fc.oneof(json, fc.array(json), fc.dictionary(fc.string(), json));
  fc.assert(
    fc.property(fc.constantFrom(...OFFER_MEMBERS), fc.constantFrom(...LICENCE_MEMBERS), value, (ofOffer, own, one) => {
      const found = problems({ offers: [{ ...OFFER, [ofOffer]: one }], licences: [{ ...LICENCE, [own]: one }, one] });
      for (const problem of found)
        expect(problem).toMatch(/^(offers|licences)\[\d\].*: (must |is missing: it must |the key )/);
    }),
    { numRuns: 1_000 },
  );
});

test('features are bounded by the octets that a licence has to carry', () => {
  const file = (text: string) => ({ offers: [{ offer: 'a/b/c', mode: 'licensed', features: { text } }] });
  expect(() => parseCatalogue(file('月'.repeat(1_300)))).not.toThrow();
  expect(() => parseCatalogue(file('月'.repeat(1_400)))).toThrow('4096 octets');
});
