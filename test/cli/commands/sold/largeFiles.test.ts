import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';

/** Files that are larger than one request may be, over a service with the platform's limit. */
const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-large-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const HEADER = 'id,cloud,subscription,offer,seats,vmIds';
/** Some 15 KB, so that 48 licences take three requests. */
const VM_IDS = Array.from({ length: 400 }, (_, index) => `ffffffff-0000-4000-8000-${`${index}`.padStart(12, '0')}`);

interface Row {
  readonly id: string;
  readonly subscription: string;
  readonly offer: string;
  readonly seats: number;
}

function rowsOf(prefix: string, count: number, offer = 'contoso/gateway/standard'): Row[] {
  const group = hash('sha256', prefix, 'hex').slice(0, 4);
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: `${prefix}-${index}`, offer, seats: 5 },
    subscription: `eeeeeeee-0000-${group}-8000-${`${index}`.padStart(12, '0')}`,
  }));
}

function writeCsv(name: string, rows: readonly Row[]): void {
  const lines = rows.map(
    ({ id, subscription, offer, seats }) => `${id},emulator,${subscription},${offer},${seats},${VM_IDS.join(';')}`,
  );
  writeFileSync(join(folder, name), `${[HEADER, ...lines].join('\r\n')}\r\n`);
}

const entriesOf = (rows: readonly Row[]) => rows.map((row) => ({ ...row, cloud: 'emulator', vmIds: VM_IDS }));

const env = (url = stack().serviceUrl) => ({
  COUNTERSIGN_URL: url,
  COUNTERSIGN_TOKEN: stack().operatorTokens.Operator,
});
const run = (args: readonly string[], url?: string) => runIn(folder, args, { env: env(url) });

async function countLicences(prefix: string): Promise<number> {
  const { out } = await run(['licences', 'export', '--json']);
  const { licences } = JSON.parse(out) as { licences: readonly { id: string }[] };
  return licences.filter(({ id }) => id.startsWith(`${prefix}-`)).length;
}

/** Hands requests on to the service, until so many have written; each that would write then is cut off. */
async function startRelay(writes: number): Promise<string> {
  let written = 0;
  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const body = await buffer(request);
      if (request.method === 'POST' && request.url?.includes('dryRun=false') === true && (written += 1) > writes) {
        request.socket.destroy();
        return;
      }
      const { authorization = '', 'content-type': type = '', 'idempotency-key': key = '' } = request.headers;
      const headers = { authorization, 'content-type': type, 'idempotency-key': String(key) };
      const init = request.method === 'POST' ? { method: 'POST', headers, body } : { headers };
      const answer = await fetch(`${stack().serviceUrl}${request.url ?? ''}`, init);
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    void forward();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a large CSV file is judged whole, then sent in parts, and changes nothing when it is sent again', async () => {
  writeCsv('large.csv', rowsOf('large', 48));
  const dry = await run(['licences', 'import', 'large.csv', '--dry-run']);
  expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('licences  48 created, 0 updated') as string });
  expect(await countLicences('large')).toBe(0);
  const { code, out, complaints } = await run(['licences', 'import', 'large.csv']);
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('licences  48 created') as string });
  expect(complaints).toContain('the file is sent in 3 parts');
  expect((await run(['licences', 'import', 'large.csv'])).out).toContain('0 created, 0 updated, 48 unchanged');
});

test('a problem in a later part is told with its line in the file, and nothing is written', async () => {
  const rows = rowsOf('wrong', 48);
  const wrong = rows.map((row, index) => ([3, 46].includes(index) ? { ...row, offer: 'contoso/gateway/gone' } : row));
  writeCsv('wrong.csv', wrong);
  writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ licences: entriesOf(wrong) }));
  const csv = await run(['licences', 'import', 'wrong.csv']);
  expect(csv).toMatchObject({ code: 2, out: '' });
  expect(csv.complaints).toMatch(/Nothing was written[^]*\n {2}line 5, offer: [^]*\n {2}line 48, offer: /);
  const json = await run(['licences', 'import', 'wrong.json']);
  expect(json.complaints).toMatch(/\n {2}licences\[3\]\.offer: [^]*\n {2}licences\[46\]\.offer: /);
  const applied = await run(['apply', 'wrong.json']);
  expect(applied.complaints).toMatch(/\n {2}licences\[3\]\.offer: [^]*\n {2}licences\[46\]\.offer: /);
  expect(await countLicences('wrong')).toBe(0);
});

test('what is in two parts of a file twice is told before anything is sent', async () => {
  const rows = rowsOf('twice', 48);
  const [first] = rows;
  writeCsv('twice.csv', [
    ...rows,
    ...(first === undefined ? [] : [{ ...first, subscription: rowsOf('tw', 1)[0]?.subscription ?? '' }]),
  ]);
  const { code, complaints } = await run(['licences', 'import', 'twice.csv']);
  expect({ code, complaints }).toEqual({
    code: 1,
    complaints: expect.stringContaining('line 50, id: twice-0 is on line 2 already: merge the two') as string,
  });
  expect(await countLicences('twice')).toBe(0);
});

test.each([
  ['cut.csv', ['licences', 'import', 'cut.csv'], /From line \d+ on/],
  ['cut.json', ['licences', 'import', 'cut.json'], /From licences\[\d+\] on/],
  ['cut-apply.json', ['apply', 'cut-apply.json'], /From licences\[\d+\] on/],
] as const)(
  'where a part of %s fails, the first line that may not be applied is named, and a repeat goes on',
  async (name, args, place) => {
    const prefix = name.replace('.', '');
    const rows = rowsOf(prefix, 48);
    if (name.endsWith('.csv')) writeCsv(name, rows);
    else writeFileSync(join(folder, name), JSON.stringify({ licences: entriesOf(rows) }));
    const relay = await startRelay(1);
    const { code, out, complaints } = await run(args, relay);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(complaints).toMatch(place);
    expect(complaints).toContain('What is before it is applied. Run the command again');
    const applied = await countLicences(prefix);
    const [, number = ''] = /From (?:line |licences\[)(\d+)/.exec(complaints) ?? [];
    expect(applied).toBe(name.endsWith('.csv') ? Number(number) - 2 : Number(number));
    expect(applied).toBeGreaterThan(10);
    const again = await run(args);
    expect(again.out).toContain(`${48 - applied} created, 0 updated, ${applied} unchanged`);
  },
);

test('a large catalogue is applied in parts, each with the offers that its licences need', async () => {
  const offers = Array.from({ length: 3 }, (_, index) => ({ offer: `contoso/parts/plan-${index}`, mode: 'licensed' }));
  const licences = rowsOf('parts', 48).map((row, index) => ({ ...row, offer: `contoso/parts/plan-${index % 3}` }));
  writeFileSync(join(folder, 'parts.json'), JSON.stringify({ offers, licences: entriesOf(licences) }));
  const dry = await run(['apply', 'parts.json', '--dry-run']);
  expect(dry.out).toContain(
    'offers    3 created, 0 updated, 0 unchanged\nlicences  48 created, 0 updated, 0 unchanged',
  );
  const { code, out } = await run(['apply', 'parts.json']);
  expect({ code, out }).toEqual({
    code: 0,
    out: 'offers    3 created, 0 updated, 0 unchanged\nlicences  48 created, 0 updated, 0 unchanged\n',
  });
  expect((await run(['apply', 'parts.json'])).out).toContain(
    'offers    0 created, 0 updated, 3 unchanged\nlicences  0 created',
  );
});
