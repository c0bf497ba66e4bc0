import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { parsePlace, writePlace } from '../../../src/console/routing/place.ts';
import { CONSOLE_PAGES } from '../../../src/contract/consolePages.ts';

const HOME = '/below/console/';
const parse = (address: string) => parsePlace(HOME, new URL(address, 'https://licences.vendor.example'));

test('an address that was written is read again, whatever the id and the filters hold', () => {
  const text = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((value) => value.isWellFormed() && !/^\.\.?$/.test(value));
  const query = fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { maxKeys: 4 },
  );
  const pages = CONSOLE_PAGES.filter((page) => page !== '');
  fc.assert(
    fc.property(fc.constantFrom(...pages), fc.oneof(fc.constant(''), text), query, (page, id, given) => {
      expect(parse(writePlace(HOME, { page, id, query: given }))).toEqual({ page, id, query: given });
    }),
  );
});

test.each([
  ['/below/console', '', ''],
  ['/below/console/', '', ''],
  ['/below/console/licences/contoso/', 'licences', 'contoso'],
])('%s is a page', (address, page, id) => {
  expect(parse(address)).toEqual({ page, id, query: {} });
});

test.each(['/below/console/nothing', '/console/licences', '/below/console/licences/a/b', '/'])(
  '%s is none',
  (address) => {
    expect(parse(address).page).toBeNull();
  },
);
