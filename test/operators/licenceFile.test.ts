import fc from 'fast-check';
import { expect, test } from 'vitest';
import { licenceEntry } from '../../src/contract/operators/licence.ts';
import { parseLicenceFile, writeLicenceFile } from '../../src/operators/licenceFile.ts';

const CHARACTERS = ['a', ' ', ';', '[', ',', '"', '=', '+', '-', '@', "'", '\t', '\r', '\n', 'é', '*'];
const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 });
const skus = fc.array(
  text.filter((sku) => sku !== '*'),
  { minLength: 1, maxLength: 4 },
);
const features = fc.dictionary(fc.constantFrom('a', 'b.c', 'd-e'), fc.oneof(text, fc.boolean(), fc.integer()));

test('whatever a licence says, exported and imported it is the same', () => {
  const entries = fc.record({ note: text, skus: fc.oneof(fc.constant('*'), skus), features });
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 3 }), (given) => {
      const licences = given.map((entry, index) =>
        licenceEntry.parse({
          ...{ id: `l${index}`, cloud: 'emulator', subscription: '11111111-0000-4000-8000-000000000001' },
          ...{ offer: 'contoso/gateway/pro', seats: index, ...entry },
        }),
      );
      const read = parseLicenceFile('text/csv', writeLicenceFile(licences));
      expect(read.map(({ licence }) => licence)).toEqual(licences);
    }),
    { numRuns: 500 },
  );
});

const HEADER = 'id,cloud,subscription,offer,seats,skus,note';
const LINE = 'a,emulator,11111111-0000-4000-8000-000000000001,contoso/gateway/pro,5';

test.each([
  ['a semicolon too many in a list is no empty sku', `${LINE},standard-2; ;basic;,`, ['standard-2', 'basic']],
  ['the empty sku is written in a JSON list', `${LINE},"[""standard-2"",""""]",`, ['standard-2', '']],
])('%s', (_, line, skus) => {
  const [read] = parseLicenceFile('text/csv', `${HEADER}\n${line}\n`);
  expect(read?.licence).toMatchObject({ id: 'a', seats: 5, skus, note: '' });
  expect(read?.leftOut).toEqual(['status', 'validFrom', 'validUntil', 'vmIds', 'features']);
});

test('separators of empty last cells may be missing: what is not there is left out', () => {
  const [read] = parseLicenceFile('text/csv', `${HEADER}\n${LINE},basic\n`);
  expect(read?.licence).toMatchObject({ skus: ['basic'], note: '' });
  expect(read?.leftOut).toEqual(['status', 'validFrom', 'validUntil', 'vmIds', 'features', 'note']);
});

test('a spreadsheet may separate the fields by semicolons', () => {
  const text = `${HEADER.replaceAll(',', ';')}\r\n${LINE.replaceAll(',', ';')};"standard-2;basic";"1,5"\r\n`;
  const [read] = parseLicenceFile('text/csv', text);
  expect(read?.licence).toMatchObject({ seats: 5, skus: ['standard-2', 'basic'], note: '1,5' });
});
