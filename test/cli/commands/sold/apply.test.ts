import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { operate, useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';

const stack = useStack({ catalogueFile: null });
const folder = mkdtempSync(join(tmpdir(), 'countersign-apply-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const catalogueOf = (product: string) => ({
  offers: [{ offer: `contoso/${product}/standard`, mode: 'licensed' }],
  licences: [
    {
      id: `fabrikam-${product}`,
      cloud: 'AzurePublicCloud',
      subscription: 'aaaaaaaa-0000-4000-8000-000000000001',
      offer: `contoso/${product}/standard`,
      seats: 20,
    },
  ],
});

const environment = () => ({
  COUNTERSIGN_URL: stack().serviceUrl,
  COUNTERSIGN_TOKEN: stack().operatorTokens.Operator,
});

function write(content: unknown): string {
  writeFileSync(join(folder, 'catalogue.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return 'catalogue.json';
}

const apply = (...args: string[]) => runIn(folder, ['apply', ...args], { env: environment() });

const read = async (id: string) => (await operate(stack(), `GET /licences/${id}`)).body['licence'];

test('a file is applied, applied again without a change, and a change is an update', async () => {
  const catalogue = catalogueOf('applied');
  const first = await apply(write(catalogue));
  expect(first).toEqual({
    code: 0,
    out: 'offers    1 created, 0 updated, 0 unchanged\nlicences  1 created, 0 updated, 0 unchanged\n',
    complaints: '',
  });
  expect((await apply('catalogue.json')).out).toContain('licences  0 created, 0 updated, 1 unchanged\n');
  const [licence] = catalogue.licences;
  const changed = await apply(write({ ...catalogue, licences: [{ ...licence, seats: 21 }] }), '--json');
  expect(JSON.parse(changed.out)).toEqual({
    dryRun: false,
    offers: { created: 0, updated: 0, unchanged: 1 },
    licences: { created: 0, updated: 1, unchanged: 0 },
  });
  expect(await read('fabrikam-applied')).toMatchObject({ id: 'fabrikam-applied', seats: 21 });
});

test('a dry run says what would be, and writes nothing', async () => {
  const { code, out } = await apply(write(catalogueOf('tried')), '--dry-run');
  expect(code).toBe(0);
  expect(out).toBe(
    'Nothing was written. Would be:\n' +
      'offers    1 created, 0 updated, 0 unchanged\nlicences  1 created, 0 updated, 0 unchanged\n',
  );
  expect(await read('fabrikam-tried')).toBeUndefined();
});

test('fewer seats are asked about, and need --yes where nobody can be asked', async () => {
  const catalogue = catalogueOf('lowered');
  expect((await apply(write(catalogue))).code).toBe(0);
  const [licence] = catalogue.licences;
  const file = write({ ...catalogue, licences: [{ ...licence, seats: 5 }] });
  const asked = await apply(file);
  expect(asked.code).toBe(1);
  expect(asked.complaints).toContain('fabrikam-lowered: seats from 20 to 5');
  expect(asked.complaints).toContain('--yes');
  expect(await read('fabrikam-lowered')).toMatchObject({ seats: 20 });
  expect((await apply(file, '--yes', '--reason', 'the customer asked')).code).toBe(0);
  expect(await read('fabrikam-lowered')).toMatchObject({ seats: 5 });
});

test('a dry run says old and new and what is lost, as JSON too, of a catalogue and of a file of licences', async () => {
  const catalogue = catalogueOf('compared');
  expect((await apply(write(catalogue))).code).toBe(0);
  const [licence] = catalogue.licences;
  const counts = { created: 0, updated: 0, unchanged: 0 };
  const changed = {
    dryRun: true,
    offers: counts,
    licences: { ...counts, updated: 1 },
    old: { 'fabrikam-compared': { seats: 20 } },
    new: { 'fabrikam-compared': { seats: 5 } },
    effect: { losses: { 'fabrikam-compared': ['seats from 20 to 5'] } },
  };
  const file = write({ licences: [{ ...licence, seats: 5 }] });
  for (const command of [['apply'], ['licences', 'import']]) {
    const { code, out } = await runIn(folder, [...command, file, '--dry-run', '--json'], { env: environment() });
    expect({ code, value: JSON.parse(out) as unknown }).toEqual({ code: 0, value: changed });
  }
  const same = { ...changed, licences: { ...counts, unchanged: 1 }, old: {}, new: {}, effect: { losses: {} } };
  const unchanged = write({ licences: catalogue.licences });
  for (const command of [['apply'], ['licences', 'import']]) {
    const { out } = await runIn(folder, [...command, unchanged, '--dry-run', '--json'], { env: environment() });
    expect(JSON.parse(out)).toEqual(same);
  }
});

test('an offer whose licences last longer than the service allows is refused with its place', async () => {
  const file = write({ offers: [{ offer: 'contoso/long/standard', mode: 'licensed', grace: 'P30D' }] });
  const refused = await apply(file);
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.complaints).toContain(
    'offers[0].grace: must be shorter: lifetime and grace together are at most "P30D", the LICENCE_LIFE_SECONDS of',
  );
});

test('a licence without an offer is refused with its place', async () => {
  const { code, complaints } = await apply(write({ licences: catalogueOf('absent').licences }));
  expect(code).toBe(2);
  expect(complaints).toContain('licences[0].offer: there is no offer contoso/absent/standard');
});

test.each<[string, unknown, string]>([
  ['no JSON', '{\n"offers": [', 'catalogue.json cannot be read as JSON: line 2, offers[0]: not JSON'],
  [
    'a number that a double does not hold',
    '{"offers":[{"offer":"contoso/bigint/*","mode":"licensed","features":{"serial":9007199254740993}}]}',
    'line 1, offers[0].features.serial: a number with more digits than a JSON number holds; write a string',
  ],
  ['a key twice', '{"offers": [],\n"offers": []}', 'line 2: the key "offers" appears twice in one object'],
  ['more than 8 MiB', ' '.repeat(9 * 1024 * 1024), 'is larger than 8 MiB. Split it into parts'],
  ['an unknown key', { offers: [], licenses: [] }, 'the file: the key "licenses" is not known'],
  [
    'a wrong value',
    { offers: [{ offer: 'contoso/gateway', mode: 'licensed' }] },
    '- offers[0].offer: must be "publisher/product/plan"',
  ],
  ['two problems', { offers: [{ mode: 'free' }] }, '- offers[0].offer: is missing'],
])('%s in the file: exit 1, the place and what to do, without a request', async (_, content, complaint) => {
  const { code, out, complaints } = await runIn(folder, ['apply', write(content)]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toMatch(/^countersign apply: (The catalogue cannot be applied:\n|catalogue\.json )/);
  expect(complaints).toContain(complaint);
});

test('without a service it says how to name one, also where the store is named', async () => {
  const env = { TABLES_CONNECTION_STRING: 'AccountKey=c2VjcmV0' };
  const { code, out, complaints } = await runIn(folder, ['apply', write(catalogueOf('nowhere'))], { env });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain('no service is named. Give --service URL, or set COUNTERSIGN_URL');
  expect(complaints).not.toContain('c2VjcmV0');
});

test.each([
  [[], "missing required argument 'file'"],
  [['a', 'b'], "too many arguments for 'apply'"],
  [['catalogue.json', '--force'], "unknown option '--force'"],
  [['gone.json'], 'gone.json'],
])('%j is complained of', async (args, complaint) => {
  const { code, out, complaints } = await runIn(folder, ['apply', ...args]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});
