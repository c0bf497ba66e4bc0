import { expect, test } from 'vitest';
import { describeCounts, importCommand, readImport, takesAway } from '../../../src/console/import/importFile.ts';
import type { FileRowJson } from '../../../src/contract/operators/records.ts';

const octets = (text: string, encoding: BufferEncoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding));

test('a file goes to the route that takes it, in any encoding that editors write', () => {
  expect(readImport('a.csv', octets('\ufeffid,seats', 'utf16le'))).toMatchObject({
    ...{ text: 'id,seats', mediaType: 'text/csv', endpoint: 'importLicences' },
  });
  expect(readImport('a.txt', octets('{"licences":[]}'))).toMatchObject({
    ...{ mediaType: 'application/json', endpoint: 'importLicences' },
  });
  expect(readImport('a.json', octets('{"offers":[]}'))).toMatchObject({ endpoint: 'applyCatalogue' });
  expect(readImport('a.json', octets('{"offers'))).toMatchObject({ endpoint: 'importLicences' });
  expect(readImport('a.json', octets('null'))).toMatchObject({ endpoint: 'importLicences' });
});

test('what cannot be sent is not sent', () => {
  expect(readImport('a.csv', octets('é'.repeat(128 * 1024 + 1)))).toMatch(/larger than 256 KB/);
  expect(readImport('a.csv', octets('é'.repeat(128 * 1024)))).toMatchObject({ mediaType: 'text/csv' });
  expect(readImport('a.csv', octets(' \n'))).toMatch(/empty/);
  expect(readImport('a.csv', Uint8Array.of(0x61, 0x62, 0xff))).toMatch(/UTF-8/);
});

test('the command names the file so that a shell and the program take it for a file', () => {
  const licences = { endpoint: 'importLicences' } as const;
  expect(importCommand({ ...licences, name: '-a b.csv' }, 'new')).toBe(
    `countersign licences import './-a b.csv' --yes --reason=new`,
  );
  expect(importCommand({ ...licences, name: 'a\u202e.csv' }, '')).toBe('countersign licences import FILE --yes');
  expect(importCommand({ endpoint: 'applyCatalogue', name: 'a.json' }, '')).toBe('countersign apply a.json --yes');
});

const row = (old: FileRowJson['old'], changed: FileRowJson['new']): FileRowJson => ({
  ...{ kind: 'licence', id: 'a', line: 2, old, new: changed },
});

const ONE = 'dddddddd-0000-4000-8000-000000000001';
const TWO = 'dddddddd-0000-4000-8000-000000000002';

const until = '2030-01-01T00:00:00Z';

test.each([
  [true, { seats: 5 }, { seats: 4 }],
  [false, { seats: 5 }, { seats: 'unlimited' }],
  [true, { validUntil: null }, { validUntil: until }],
  [true, { status: 'active' }, { status: 'revoked' }],
  [true, { overage: '10%', seats: 100 }, { overage: 5, seats: 99 }],
  [true, { subscription: ONE }, { subscription: TWO }],
  [true, { subscriptions: [{ subscription: ONE, until: null }] }, { subscriptions: [{ subscription: ONE, until }] }],
  [false, { subscription: ONE }, { subscriptions: [{ subscription: ONE }, { subscription: TWO }] }],
  [false, { note: 'a' }, { note: 'b' }],
])('%j: whether %j to %j takes something away', (is, old, changed) => {
  expect(takesAway(row(old, changed))).toBe(is);
});

test('what is created takes nothing away; counts are told by kind', () => {
  expect(takesAway(row(null, { seats: 0 }))).toBe(false);
  const none = { created: 0, updated: 0, unchanged: 0 };
  const licences = { created: 2, updated: 1, unchanged: 7 };
  expect(describeCounts({ dryRun: true, offers: none, licences })).toBe(
    'Licences: 2 created, 1 changed, 7 as they are.',
  );
  expect(describeCounts({ dryRun: true, offers: none, licences: none })).toBe('The file has nothing in it.');
});
