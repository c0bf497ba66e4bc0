import { expect, test } from 'vitest';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const HEADER = 'id,cloud,subscription,offer,seats,note';
const subscription = (number: number) => `dddddddd-0000-4000-8000-${`${number}`.padStart(12, '0')}`;
const row = (number: number, changed: { id?: string; seats?: string; offer?: string } = {}) =>
  [
    changed.id ?? `csv-${number}`,
    'emulator',
    subscription(number),
    changed.offer ?? 'contoso/gateway/standard',
    changed.seats ?? '5',
    '',
  ].join();

function importCsv(lines: readonly string[], query = '') {
  const headers = { 'Content-Type': 'text/csv' };
  return operate(stack(), `POST /imports/licences${query}`, { body: [HEADER, ...lines].join('\r\n'), headers });
}

async function idsOf(prefix: string): Promise<string[]> {
  const { body } = await operate(stack(), 'GET /catalogue', { as: 'Reader' });
  const licences = body['licences'] as { id: string }[];
  return licences.map(({ id }) => id).filter((id) => id.startsWith(prefix));
}

test('a dry run counts and writes nothing; the import does what it said; a second one changes nothing', async () => {
  const lines = [row(1), row(2), row(3)];
  const expected = {
    offers: { created: 0, updated: 0, unchanged: 0 },
    licences: { created: 3, updated: 0, unchanged: 0 },
  };
  expect((await importCsv(lines, '?dryRun=true')).body).toEqual({ dryRun: true, ...expected });
  expect(await idsOf('csv-')).toEqual([]);
  expect((await importCsv(lines)).body).toEqual({ dryRun: false, ...expected });
  const again = await importCsv([row(1), row(2, { seats: '9' }), row(3)]);
  expect(again.body['licences']).toEqual({ created: 0, updated: 1, unchanged: 2 });
});

test('a dry run tells each row that changes if it is asked to, old and new, with its line', async () => {
  const lines = [row(51), row(52), row(53)];
  expect((await importCsv(lines)).status).toBe(200);
  const changed = [row(51), '', row(52, { seats: '2' }), row(54)];
  const { body } = await importCsv(changed, '?dryRun=true&rows=true');
  expect(body['rows']).toEqual([
    { kind: 'licence', id: 'csv-52', line: 4, old: { seats: 5 }, new: { seats: 2 } },
    {
      kind: 'licence',
      id: 'csv-54',
      line: 5,
      old: null,
      new: expect.objectContaining({ id: 'csv-54', seats: 5 }) as object,
    },
  ]);
  expect((await importCsv(changed, '?dryRun=true')).body).not.toHaveProperty('rows');
  expect((await importCsv(changed, '?rows=true')).body).not.toHaveProperty('rows');
  const offer = { offer: 'contoso/gateway/early', mode: 'licensed', grace: 'P2D', earlyRelease: true };
  const file = await operate(stack(), 'POST /catalogue?dryRun=true&rows=true', { body: { offers: [offer] } });
  expect(file.body['rows']).toEqual([
    { kind: 'offer', id: offer.offer, field: 'offers[0]', old: { grace: 'P7D' }, new: { grace: 'P2D' } },
  ]);
});

test('every problem is told with its line, and nothing is written', async () => {
  const lines = [row(11), row(12, { seats: 'many' }), '', row(13, { id: 'no spaces' }), 'too,few'];
  const answer = await importCsv(lines);
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  const errors = answer.body['errors'] as { line: number; field: string; message: string }[];
  expect(errors.map(({ line, field }) => [line, field])).toEqual(
    expect.arrayContaining([
      [3, 'seats'],
      [5, 'id'],
    ]),
  );
  expect(errors.find(({ line }) => line === 6)?.message).toContain('2 fields under 6 columns');
  expect(await idsOf('csv-1')).toEqual(['csv-1']);
});

test('what a file leaves out of a licence that is there stays as it is', async () => {
  const named = {
    id: 'csv-kept',
    cloud: 'emulator',
    subscription: subscription(31),
    offer: 'contoso/gateway/standard',
  };
  const terms = {
    status: 'suspended',
    validUntil: '2030-01-01T00:00:00Z',
    skus: ['standard-2'],
    features: { a: 1 },
  };
  const importJson = (entry: object) =>
    operate(stack(), 'POST /imports/licences', { body: { licences: [{ ...named, ...entry }] } });
  const read = async () => (await operate(stack(), 'GET /licences/csv-kept')).body['licence'];
  await importJson({ seats: 5, note: 'first', ...terms });
  const csv = ['id,cloud,subscription,offer,seats', [...Object.values(named), '7'].join()].join('\n');
  const headers = { 'Content-Type': 'text/csv' };
  const imported = await operate(stack(), 'POST /imports/licences', { body: csv, headers });
  expect(imported.body['licences']).toEqual({ created: 0, updated: 1, unchanged: 0 });
  expect(await read()).toMatchObject({ ...named, ...terms, seats: 7, note: 'first' });
  await importJson({ seats: 8, note: '' });
  expect(await read()).toMatchObject({ ...terms, seats: 8, note: '' });
  const late = await importJson({ seats: 9, validFrom: '2031-01-01T00:00:00Z' });
  expect([late.status, late.body['errors']]).toEqual([
    400,
    [{ field: 'licences[0].validUntil', message: 'must be later than validFrom' }],
  ]);
});

test('what does not go with the store is told with its line, and nothing is written', async () => {
  const lines = [row(21), row(22, { offer: 'contoso/nothing/pro' })];
  const answer = await importCsv(lines);
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  expect(answer.body['errors']).toEqual([
    { line: 3, field: 'offer', message: expect.stringContaining('there is no offer') as string },
  ]);
  const taken = await importCsv([row(23), row(24, { id: 'HTTP-small' })]);
  expect([taken.status, taken.body['code']]).toEqual([409, 'name_taken']);
  expect(taken.body['errors']).toEqual([
    { line: 3, field: 'offer', message: expect.stringContaining('a licence keeps its offer') as string },
  ]);
  const twice = await importCsv([row(25), row(26, { id: 'csv-25' })]);
  expect(twice.body['errors']).toEqual([{ line: 3, field: 'id', message: expect.any(String) as string }]);
  expect(await idsOf('csv-2')).toEqual(['csv-2']);
});

test('lines that hold nothing are passed over, and the others keep their numbers', async () => {
  const answer = await importCsv(['   ', row(61), ',,,,,', ' , ,,,, ', row(62, { seats: 'many' })]);
  expect(answer.body['errors']).toEqual([{ line: 6, field: 'seats', message: expect.any(String) as string }]);
});

test('what one file says twice of a subscription, and another licence for one that has one, are told as such', async () => {
  const twice = await importCsv([row(63), row(63, { id: 'csv-64' })]);
  expect(twice.body['errors']).toEqual([
    {
      line: 3,
      field: 'subscriptions',
      message: expect.stringContaining('another licence of the file, csv-63') as string,
    },
  ]);
  expect((await importCsv([row(65)])).status).toBe(200);
  const renamed = await importCsv([row(66), row(65, { id: 'csv-renamed' })]);
  expect([renamed.status, renamed.body['errors']]).toEqual([
    409,
    [{ line: 3, field: 'subscriptions', message: expect.stringContaining('the licence, csv-65, has the') as string }],
  ]);
  expect(await idsOf('csv-6')).toEqual(['csv-65']);
});

test.each(['/catalogue', '/imports/licences'])('a key that stands twice is refused by POST %s', async (path) => {
  const answer = await operate(stack(), `POST ${path}`, { body: '{"licences": [],\n "licences": []}' });
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  expect(answer.body['detail']).toBe(
    'The body cannot be read as JSON: line 2: the key "licences" appears twice in one object.',
  );
});

test('more than 10,000 licences are refused with what to do', async () => {
  const body = { licences: Array.from({ length: 10_001 }, () => ({})) };
  const json = await operate(stack(), 'POST /imports/licences', { body });
  expect(json.body['errors']).toEqual([
    { field: 'licences', message: expect.stringContaining('split it, a CSV by its lines') as string },
  ]);
});

test.each(['[]', '{"licences": {}}', '{}'])('%s is no file of licences, and is told what it must be', async (body) => {
  const answer = await operate(stack(), 'POST /imports/licences', { body });
  expect(answer.body['code']).toBe('request_malformed');
  expect(JSON.stringify(answer.body['errors'])).toMatch(/must be an object with the list|must be a list/);
});

test.each([
  ['', 'column'],
  ['id,cloud', 'subscription'],
  ['id,cloud,subscription,offer,seats,id', 'id'],
  ['id,cloud,subscription,offer,seats,colour', 'column 6'],
  ['id,cloud,subscription,offer,"seats', ''],
])('the header %j is refused on line 1', async (header, field) => {
  const headers = { 'Content-Type': 'text/csv' };
  const answer = await operate(stack(), 'POST /imports/licences', { body: `${header}\n`, headers });
  const errors = answer.body['errors'] as { line: number; field: string; message: string }[];
  expect(answer.body['code']).toBe('request_malformed');
  expect(errors.some((one) => one.line === 1 && `${one.field} ${one.message}`.includes(field))).toBe(true);
});

test('a JSON file is judged by its entries', async () => {
  const good = {
    id: 'json-1',
    cloud: 'emulator',
    subscription: subscription(31),
    offer: 'contoso/gateway/small',
    seats: 1,
  };
  const bad = { ...good, id: 'json-2', seats: 'x' };
  const refused = await operate(stack(), 'POST /imports/licences', { body: { licences: [good, bad] } });
  expect(refused.body['errors']).toEqual([{ field: 'licences[1].seats', message: expect.any(String) as string }]);
  const written = await operate(stack(), 'POST /imports/licences', { body: { licences: [good] } });
  expect(written.body['licences']).toEqual({ created: 1, updated: 0, unchanged: 0 });
});

test('what was exported is imported without a change, lists, features and odd texts included', async () => {
  const odd = {
    ...{
      id: 'odd',
      cloud: 'emulator',
      subscription: subscription(41),
      offer: 'contoso/gateway/small',
      seats: 'unlimited',
    },
    ...{
      skus: ['', 'a;b', 'c'],
      vmIds: [subscription(1), subscription(2)],
      features: { 'a.b': 'x,"y"', n: 1.5, t: true },
    },
    ...{ note: ' two\nlines, "quoted" ', validUntil: '2030-01-01T00:00:00.500Z', status: 'suspended' },
  };
  expect((await operate(stack(), 'PUT /licences/odd', { body: odd })).status).toBe(201);
  const exported = await operate(stack(), 'GET /exports/licences', { as: 'Reader' });
  expect(exported.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const headers = { 'Content-Type': 'text/csv' };
  const { body } = await operate(stack(), 'POST /imports/licences', { body: exported.text, headers });
  const counts = body['licences'] as { created: number; updated: number; unchanged: number };
  expect([counts.created, counts.updated]).toEqual([0, 0]);
  expect(counts.unchanged).toBeGreaterThan(5);
});

test('the catalogue that was read is applied without a change, and one with a new offer is applied whole', async () => {
  const read = await operate(stack(), 'GET /catalogue', { as: 'Reader' });
  const same = await operate(stack(), 'POST /catalogue', { body: read.body });
  expect(same.body).toMatchObject({ offers: { created: 0, updated: 0 }, licences: { created: 0, updated: 0 } });
  const file = {
    offers: [{ offer: 'contoso/applied/*', mode: 'licensed' }],
    licences: [
      { id: 'applied', cloud: 'emulator', subscription: subscription(51), offer: 'contoso/applied/pro', seats: 1 },
    ],
  };
  const applied = await operate(stack(), 'POST /catalogue', { body: file });
  expect(applied.body).toMatchObject({ dryRun: false, offers: { created: 1 }, licences: { created: 1 } });
  const wrong = await operate(stack(), 'POST /catalogue', { body: { offers: [{ offer: 'x' }] } });
  expect([wrong.status, wrong.body['code']]).toEqual([400, 'request_malformed']);
});

test('a first line that names the separator is read, as spreadsheets write it', async () => {
  const headers = { 'Content-Type': 'text/csv' };
  const line = row(81).replaceAll(',', ';');
  const body = `sep=;\r\n${HEADER.replaceAll(',', ';')}\r\n${line}\r\n${line}\r\n`;
  const answer = await operate(stack(), 'POST /imports/licences?dryRun=true', { body, headers });
  expect(answer.body['errors']).toMatchObject([{ line: 4 }, { line: 4 }]);
});

test('a file beyond a bound is refused before it is parsed', async () => {
  const headers = { 'Content-Type': 'text/csv' };
  const wide = 'note,'.repeat(50_000);
  const csv = await operate(stack(), 'POST /imports/licences?dryRun=true', { body: wide, headers });
  expect(csv.body['errors']).toEqual([{ line: 1, field: '', message: 'has more than 100 columns' }]);
});

test('a note or a sku is never exported as a formula', async () => {
  const licence = {
    ...{ id: 'formula', cloud: 'emulator', subscription: subscription(91), offer: 'contoso/gateway/small' },
    ...{ seats: 1, skus: ['standard', '=2+5'], note: 'ok;=HYPERLINK(A1);' },
  };
  expect((await operate(stack(), 'PUT /licences/formula', { body: licence })).status).toBe(201);
  const { text } = await operate(stack(), 'GET /exports/licences', { as: 'Reader' });
  for (const separator of [',', ';', '\t']) {
    const cells = text.split('\r\n').flatMap((line) => line.split(separator));
    expect(cells.filter((cell) => /^[ "]*[=+@]/.test(cell))).toEqual([]);
  }
});

test('a body that is too large, of another type or not UTF-8 is refused', async () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, contentType: string) =>
    fetch(`${stack().serviceUrl}/operator/v1/imports/licences`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack().operatorTokens.Operator}`, 'Content-Type': contentType },
      body,
    }).then((response) => response.status);
  expect(await post('x'.repeat(256 * 1024), 'text/csv')).toBe(400);
  expect(await post('x'.repeat(256 * 1024 + 1), 'text/csv')).toBe(413);
  expect(await post('id', 'text/plain')).toBe(415);
  expect(await post(new Uint8Array([0xff, 0xfe]), 'text/csv')).toBe(400);
});

test('2,500 licences are imported in one request', async () => {
  const lines = Array.from({ length: 2_500 }, (_, index) => row(100_000 + index));
  const answer = await importCsv(lines);
  expect(answer.body['licences']).toEqual({ created: 2_500, updated: 0, unchanged: 0 });
});
