import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { MAX_DURATION, SHORTEST_LIFETIME, formatDuration } from '../../../src/contract/durations.ts';
import { parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import { storedOffer, writeOffer } from '../../../src/contract/operators/offer.ts';

test('a row from before there were licences by file is read, and its offer has none', () => {
  const entry = { offer: 'contoso/gateway/pro', mode: 'licensed' };
  const { offers } = parseCatalogue({ offers: [entry] });
  const [stored] = offers.map(writeOffer);
  const { offline, offlineLifetime, ...earlier } = stored ?? {};
  expect([offline, offlineLifetime]).toEqual([false, 'P21D']);
  expect([storedOffer.parse(earlier)]).toEqual(offers);
});

test('whatever its lifetime, an offer that was read and is applied again is the same', () => {
  const seconds = fc.integer({ min: SHORTEST_LIFETIME / 1_000, max: MAX_DURATION / 1_000 });
  fc.assert(
    fc.property(seconds, (lifetime) => {
      const entry = { offer: 'contoso/gateway/pro', mode: 'licensed', lifetime: formatDuration(lifetime * 1_000) };
      const { offers } = parseCatalogue({ offers: [entry] });
      expect(parseCatalogue({ offers: offers.map(writeOffer) }).offers).toEqual(offers);
      expect(offers.map((offer) => storedOffer.parse(writeOffer(offer)))).toEqual(offers);
    }),
  );
});
