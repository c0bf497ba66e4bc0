import { expect, test } from 'vitest';
import { NEW_OFFER, draftOffer, readDraft, rebaseDraft } from '../../../src/console/offers/offerDraft.ts';
import { offerEntry, writeOffer } from '../../../src/contract/operators/offer.ts';
import type { OfferJson } from '../../../src/contract/operators/offer.ts';

const write = (entry: object): OfferJson => writeOffer(offerEntry.parse(entry));

const OFFERS = [
  { offer: 'contoso/gateway/standard', mode: 'licensed' },
  {
    ...{ offer: 'contoso/gateway/*', mode: 'licensed', productAliases: ['gateway-preview'], status: 'suspended' },
    ...{ clouds: ['AzurePublicCloud', 'emulator'], skus: ['', 'with, comma'], trial: { days: 30, seats: 'unlimited' } },
    ...{ lifetime: 'PT6H', renewAfter: 'PT1H', grace: 'P7D', lease: 'P1D', requireKey: false, keyChanges: 0 },
    ...{ withoutPlan: true, onForeignPlan: 'none', earlyRelease: true, offline: true, offlineLifetime: 'P30D' },
    features: { edition: 'standard', nodes: 8, private: true },
  },
  { offer: 'contoso/gateway/metered', mode: 'marketplace', seats: 20, overage: '10%' },
].map(write);

test.each(OFFERS)('the fields of $offer say the same as the offer', (offer) => {
  const { offer: read, problems } = readDraft(draftOffer(offer));
  expect(problems).toEqual([]);
  expect(write(read)).toEqual(offer);
});

test('a new offer has the defaults of the service', () => {
  const { offer } = readDraft({ ...NEW_OFFER, offer: 'contoso/gateway/new' });
  expect(write(offer)).toEqual(write({ offer: 'contoso/gateway/new', mode: 'licensed' }));
  const marketplace = readDraft({ ...NEW_OFFER, offer: 'contoso/gateway/new', mode: 'marketplace' });
  expect(write(marketplace.offer)).toEqual(write({ offer: 'contoso/gateway/new', mode: 'marketplace' }));
});

test('what cannot be sent is told beside its field; what can be is left for the service to judge', () => {
  const draft = { ...NEW_OFFER, features: '{ edition }', keyChanges: 'many', trial: '30' };
  const { offer, problems } = readDraft(draft);
  expect(problems.map(({ field }) => field)).toEqual(['features']);
  expect(offer).toMatchObject({ keyChanges: 'many', trial: { days: 30, seats: '' } });
  expect(offer).not.toHaveProperty('features');
});

test('after somebody else was quicker, what was typed stands on top of what is there now', () => {
  const before = draftOffer(write({ offer: 'a/b/c', mode: 'licensed' }));
  const now = draftOffer(write({ offer: 'a/b/c', mode: 'licensed', grace: 'P3D', keyChanges: 4 }));
  const typed = { ...before, keyChanges: '2' };
  expect(rebaseDraft(typed, before, now)).toEqual({ ...now, keyChanges: '2' });
});
