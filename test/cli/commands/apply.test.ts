import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { STORE_THAT_IS_DOWN } from '../../app/settings.ts';
import { useAzurite } from '../../support/azurite.ts';
import type { TestTables } from '../../support/azurite.ts';
import { runIn } from '../documentFiles.ts';

const tables = useAzurite();
const folder = mkdtempSync(join(tmpdir(), 'countersign-apply-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const CATALOGUE = {
  offers: [{ offer: 'contoso/gateway/standard', mode: 'licensed' }],
  licences: [
    {
      id: 'fabrikam',
      cloud: 'AzurePublicCloud',
      subscription: 'aaaaaaaa-0000-4000-8000-000000000001',
      offer: 'contoso/gateway/standard',
      seats: 20,
    },
  ],
};

const environmentOf = ({ connectionString, tablePrefix }: TestTables) => ({
  TABLES_CONNECTION_STRING: connectionString,
  TABLE_PREFIX: tablePrefix,
});

function write(content: unknown): string {
  writeFileSync(join(folder, 'catalogue.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return 'catalogue.json';
}

const apply = (env: Record<string, string>, ...args: string[]) => runIn(folder, ['apply', ...args], { env });

const storeOf = ({ connectionString, tablePrefix }: TestTables) =>
  createTablesStore({ connection: { connectionString }, tablePrefix });

test('a file is applied, applied again without a change, and a change is an update', async () => {
  const mine = tables();
  const env = environmentOf(mine);
  const first = await apply(env, write(CATALOGUE));
  expect(first).toEqual({
    code: 0,
    out: 'offers    1 created, 0 updated, 0 unchanged\nlicences  1 created, 0 updated, 0 unchanged\n',
    complaints: '',
  });
  expect((await apply(env, 'catalogue.json')).out).toContain('licences  0 created, 0 updated, 1 unchanged\n');
  const [licence] = CATALOGUE.licences;
  const changed = await apply(env, write({ ...CATALOGUE, licences: [{ ...licence, seats: 21 }] }), '--json');
  expect(JSON.parse(changed.out)).toEqual({
    dryRun: false,
    offers: { created: 0, updated: 0, unchanged: 1 },
    licences: { created: 0, updated: 1, unchanged: 0 },
  });
  const [stored] = await storeOf(mine).listLicences();
  expect(stored?.value).toMatchObject({ id: 'fabrikam', seats: 21 });
});

test('a dry run says what would be, and writes nothing', async () => {
  const mine = tables();
  await storeOf(mine).ensureTables();
  const { code, out } = await apply(environmentOf(mine), write(CATALOGUE), '--dry-run');
  expect(code).toBe(0);
  expect(out).toBe(
    'Nothing was written. Would be:\n' +
      'offers    1 created, 0 updated, 0 unchanged\nlicences  1 created, 0 updated, 0 unchanged\n',
  );
  expect(await storeOf(mine).listOffers()).toEqual([]);
  expect(await storeOf(mine).listLicences()).toEqual([]);
});

test('an offer whose licences last longer than the service allows is refused with its place', async () => {
  const env = environmentOf(tables());
  const file = write({ offers: [{ offer: 'contoso/gateway/standard', mode: 'licensed', grace: 'P30D' }] });
  const refused = await apply(env, file);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.complaints).toContain(
    '- offers[0].grace: must be shorter: lifetime and grace together are at most "P30D", the LICENCE_LIFE_SECONDS of',
  );
  expect((await apply({ ...env, LICENCE_LIFE_SECONDS: `${31 * 86_400}` }, file)).code).toBe(0);
  expect((await apply({ ...env, LICENCE_LIFE_SECONDS: 'P31D' }, file)).complaints).toContain(
    'LICENCE_LIFE_SECONDS is not a whole number',
  );
});

test.each<[string, unknown, string]>([
  ['no JSON', '{\n"offers": [', 'catalogue.json cannot be read as JSON: line 2: not JSON'],
  ['a key twice', '{"offers": [],\n"offers": []}', 'line 2: the key "offers" appears twice in one object'],
  ['more than 8 MiB', ' '.repeat(9 * 1024 * 1024), 'is larger than 8 MiB. Split it into parts'],
  ['an unknown key', { offers: [], licenses: [] }, 'the file: the key "licenses" is not known'],
  [
    'a wrong value',
    { offers: [{ offer: 'contoso/gateway', mode: 'licensed' }] },
    '- offers[0].offer: must be "publisher/product/plan"',
  ],
  ['two problems', { offers: [{ mode: 'free' }] }, '- offers[0].offer: is missing'],
  ['a licence without an offer', { licences: CATALOGUE.licences }, 'licences[0]'],
])('%s in the file: exit 1, the place and what to do, and nothing written', async (_, content, complaint) => {
  const mine = tables();
  const { code, out, complaints } = await apply(environmentOf(mine), write(content));
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toMatch(/^countersign apply: (The catalogue cannot be applied:\n|catalogue\.json )/);
  expect(complaints).toContain(complaint);
});

test.each<[string, Record<string, string>, string]>([
  ['no store', {}, 'or set one of TABLES_CONNECTION_STRING (Azurite) and TABLES_ENDPOINT (Azure)'],
  ['an empty one', { TABLES_CONNECTION_STRING: '' }, 'set one of TABLES_CONNECTION_STRING'],
  [
    'two',
    { TABLES_CONNECTION_STRING: 'x', TABLES_ENDPOINT: 'https://a.example' },
    'set one of TABLES_CONNECTION_STRING',
  ],
  ['one that cannot be read', { TABLES_CONNECTION_STRING: 'AccountKey=c2VjcmV0' }, 'TABLES_CONNECTION_STRING is not'],
  ['one without TLS', { TABLES_ENDPOINT: 'http://a.example' }, 'TABLES_ENDPOINT is not'],
])('%s in the settings: wrong usage', async (_, env, complaint) => {
  const { code, out, complaints } = await apply(env, write(CATALOGUE));
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
  expect(complaints).not.toContain('c2VjcmV0');
});

test('a store that is down: exit 1 after few tries, and no key in the complaint', async () => {
  const { code, complaints } = await apply({ TABLES_CONNECTION_STRING: STORE_THAT_IS_DOWN }, write(CATALOGUE));
  expect(code).toBe(1);
  expect(complaints).toMatch(/^countersign apply: The store failed to .*ECONNREFUSED\.\n$/);
  expect(complaints).not.toContain('c2VjcmV0');
});

test.each([
  [[], "missing required argument 'file'"],
  [['a', 'b'], "too many arguments for 'apply'"],
  [['catalogue.json', '--force'], "unknown option '--force'"],
  [['gone.json'], 'gone.json'],
])('%j is complained of', async (args, complaint) => {
  const { code, out, complaints } = await apply({}, ...args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});
