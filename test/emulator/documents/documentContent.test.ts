import { expect, test } from 'vitest';
import { documentContent } from '../../../src/emulator/documents/documentContent.ts';
import { expectedDocuments, hasShared } from '../../support/shared.ts';

const CREATED = Date.UTC(2026, 5, 25, 18, 56, 45, 999);
const VM = {
  vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
  sku: 'a-sku',
  licenseType: '',
  plan: { publisher: 'planPublisher', product: 'planProduct', name: 'planName' },
};

test('the content is compact JSON in production’s order and formats', () => {
  const content = documentContent({ vm: VM, apiVersion: '2025-04-07', createdOn: CREATED });
  expect(JSON.stringify(content)).toBe(
    '{"licenseType":"","nonce":"20260626-005645","plan":{"name":"planName","product":"planProduct",' +
      '"publisher":"planPublisher"},"sku":"a-sku","subscriptionId":"8d10da13-8125-4ba9-a717-bf7490507b3d",' +
      '"timeStamp":{"createdOn":"06/25/26 18:56:45 -0000","expiresOn":"06/26/26 00:56:45 -0000"},' +
      '"vmId":"02aab8a4-74ef-476e-8182-f6d2ba4166a6"}',
  );
});

test('a nonce and a lifetime of the caller’s are kept', () => {
  const content = documentContent({
    vm: VM,
    apiVersion: '2025-04-07',
    createdOn: CREATED,
    nonce: '1234567890',
    lifetime: 45_000,
  });
  expect(content.nonce).toBe('1234567890');
  expect(content.timeStamp.expiresOn).toBe('06/25/26 18:57:30 -0000');
});

test.each([
  ['2018-10-01', ['nonce', 'plan', 'timeStamp', 'vmId']],
  ['2019-03-11', ['nonce', 'plan', 'timeStamp', 'vmId']],
  ['2019-04-30', ['nonce', 'plan', 'subscriptionId', 'timeStamp', 'vmId']],
  ['2019-11-01', ['nonce', 'plan', 'sku', 'subscriptionId', 'timeStamp', 'vmId']],
  ['2020-07-15', ['nonce', 'plan', 'sku', 'subscriptionId', 'timeStamp', 'vmId']],
  ['2020-09-01', ['licenseType', 'nonce', 'plan', 'sku', 'subscriptionId', 'timeStamp', 'vmId']],
] as const)('a document of %s has the fields of its time', (apiVersion, fields) => {
  expect(Object.keys(documentContent({ vm: VM, apiVersion, createdOn: CREATED }))).toEqual(fields);
});

test.skipIf(!hasShared)('the content of a genuine document can be made again', () => {
  const genuine = expectedDocuments().find(({ file }) => file.startsWith('19-'));
  expect(genuine).toBeDefined();
  const vm = {
    ...VM,
    vmId: 'dc18de58-292f-4794-9a5d-a4192bad0039',
    subscriptionId: '05e8b285-4ce1-46a3-b4c9-f51ba67d6acc',
    sku: '20_04-lts-gen2',
    plan: { name: '', product: '', publisher: '' },
  };
  expect(documentContent({ vm, apiVersion: '2021-02-01', createdOn: CREATED })).toEqual(genuine?.content);
});
