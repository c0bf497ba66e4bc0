import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { licenceEntry } from '../../../src/contract/operators/licence.ts';
import {
  parseLicenceFile as parsePieces,
  writeLicenceFile as writePieces,
} from '../../../src/catalogue/file/licenceFile.ts';
import type { Licence } from '../../../src/catalogue/licence.ts';
import { finish } from '../../../src/contract/pieces.ts';
import { parsePlainJsonPieces } from '../../../src/contract/plainJson.ts';

const parseLicenceFile = (mediaType: string, file: string) =>
  finish(parsePieces(mediaType, file, parsePlainJsonPieces));
const writeLicenceFile = (licences: readonly Licence[]) => finish(writePieces(licences));

const CHARACTERS = ['a', ' ', ';', '[', ',', '"', '=', '+', '-', '@', "'", '\t', '\r', '\n', 'é', '*'];
const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 });
const skus = fc.array(
  text.filter((sku) => sku !== '*'),
  { minLength: 1, maxLength: 4 },
);
const features = fc.dictionary(fc.constantFrom('a', 'b.c', 'd-e'), fc.oneof(text, fc.boolean(), fc.integer()));

test('whatever a licence says, exported and imported it is the same', () => {
  const name = text.filter((one) => one !== '');
  const customer = fc.option(
    fc.record({ name, reference: fc.option(name), contact: fc.option(name) }, { requiredKeys: ['name'] }),
  );
  const overage = fc.oneof(fc.constantFrom('10%', 'unlimited'), fc.nat(100));
  const entries = fc.record({ note: text, skus: fc.oneof(fc.constant('*'), skus), features, customer, overage });
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
const SUBSCRIPTION = '11111111-0000-4000-8000-000000000001';
const LINE = 'a,emulator,11111111-0000-4000-8000-000000000001,contoso/gateway/pro,5';

const NEW = ['status', 'class', 'overage'];

test.each([
  ['a semicolon too many in a list is no empty sku', `${LINE},standard-2; ;basic;,`, ['standard-2', 'basic']],
  ['the empty sku is written in a JSON list', `${LINE},"[""standard-2"",""""]",`, ['standard-2', '']],
])('%s', (_, line, skus) => {
  const [read] = parseLicenceFile('text/csv', `${HEADER}\n${line}\n`);
  expect(read?.licence).toMatchObject({ id: 'a', seats: 5, skus, note: '' });
  expect(read?.leftOut).toEqual([...NEW, 'validFrom', 'validUntil', 'vmIds', 'features', 'customer']);
});

const SECOND = '22222222-2222-4222-8222-222222222222';

test('several subscriptions, overage and the customer have columns of their own, and come back as they were written', () => {
  const header = 'id,subscriptions,offer,seats,overage,class,customer,customerReference';
  const list = `AzurePublicCloud:${SUBSCRIPTION};AzureChinaCloud:${SECOND}@2027-01-01T00:00:00Z`;
  const [read] = parseLicenceFile(
    'text/csv',
    `${header}\nmany,${list},contoso/firewall/pro,5,10%,development,Fabrikam,F-1\n`,
  );
  expect(read?.licence).toMatchObject({
    subscriptions: [
      { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, until: null },
      { cloud: 'AzureChinaCloud', subscriptionId: SECOND, until: Date.UTC(2027, 0) },
    ],
    ...{ overage: '10%', class: 'development', customer: { name: 'Fabrikam', reference: 'F-1', contact: null } },
  });
  const licences = read === undefined ? [] : [read.licence];
  const again = parseLicenceFile('text/csv', writeLicenceFile(licences));
  expect(again.map((one) => one.licence)).toEqual(licences);
});

test('separators of empty last cells may be missing: what is not there is left out', () => {
  const [read] = parseLicenceFile('text/csv', `${HEADER}\n${LINE},basic\n`);
  expect(read?.licence).toMatchObject({ skus: ['basic'], note: '' });
  expect(read?.leftOut).toEqual([...NEW, 'validFrom', 'validUntil', 'vmIds', 'features', 'customer', 'note']);
});

test('a spreadsheet may separate the fields by semicolons', () => {
  const text = `${HEADER.replaceAll(',', ';')}\r\n${LINE.replaceAll(',', ';')};"standard-2;basic";"1,5"\r\n`;
  const [read] = parseLicenceFile('text/csv', text);
  expect(read?.licence).toMatchObject({ seats: 5, skus: ['standard-2', 'basic'], note: '1,5' });
});
