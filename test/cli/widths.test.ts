import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { columnsOf, fitLines } from '../../src/cli/layout.ts';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { recordIo } from './recordIo.ts';
import { SERVICE_COMMANDS, answerWith, createFiles } from './sampleService.ts';

/** Whatever the width of a terminal, no id is broken at its edge: commands break their lines themselves. */

const UUID = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
const DIGEST = '4348a0e9444c78cb265e058d5e8944b4d84f9662bd26db257f8934a443c70161';
const AT = '2026-11-28T22:15:43.123Z';
const LICENCE = 'fabrikam-production-and-test-in-three-regions-2026-renewed-by-phone';
const POOL = `marketplace:AzurePublicCloud:${UUID}:contoso-international/gateway-for-firewalls/standard`;
const CUSTOMER = '富士通クラウド（日本）株式会社、東京支店 👩‍💻 Größe';

const TEXTS: Readonly<Record<string, string>> = {
  ...{ id: UUID, vmId: UUID, subscription: UUID, sha256: DIGEST, key: DIGEST, pool: POOL, licence: LICENCE },
  ...{ customer: CUSTOMER, name: CUSTOMER, note: `${CUSTOMER} ${CUSTOMER}`, offer: 'contoso/gateway/standard' },
  ...{
    object: LICENCE,
    by: UUID,
    reason: `see ${UUID}, ${LICENCE} and ${DIGEST}`,
    detail: `of ${UUID} under ${LICENCE}`,
  },
};
/** Times are members of many names. */
const textOf = (name: string) =>
  TEXTS[name] ?? (/^(csv|own|title|advice|code|outcome)$/.test(name) ? `${UUID} ${LICENCE}` : AT);

const { folder, remove } = createFiles('{}');
let url = '';
const server = createServer((request, response) => {
  request.resume();
  const isRefused = request.url?.includes(REFUSED) === true;
  response.statusCode = isRefused ? 409 : 200;
  response.end(isRefused ? JSON.stringify(REFUSAL) : answerWith(textOf, request));
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  remove();
});

const REFUSED = 'refused';
const REFUSAL = { code: 'in_use', detail: `It has licences: ${LICENCE}, ${LICENCE}2 and the VM ${UUID} among them.` };

async function run(args: readonly string[], columns: number, hasColour: boolean) {
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'x' };
  const terminal = { columns, hasColour };
  const io = recordIo([], { directory: folder, env, terminal, complaintColumns: columns });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

/** Lines that a terminal would break: a word that is longer than the terminal stands alone. */
function findBroken(text: string, columns: number): readonly string[] {
  return text.split('\n').filter((line) => columnsOf(line) > columns && line.trim().includes(' '));
}

/** Its output is a file. */
const isFile = (args: readonly string[]) => args.includes('export') || args.includes('--out');

const SHOWN = SERVICE_COMMANDS.filter((args) => !isFile(args)).map((args) => [args.join(' '), args] as const);

test.each(SHOWN)('%s breaks no id', async (_, args) => {
  for (const columns of [40, 80, 120]) {
    const plain = await run(args, columns, false);
    expect(findBroken(plain.out, columns)).toEqual([]);
    expect(findBroken(plain.complaints, columns)).toEqual([]);
    const coloured = await run(args, columns, true);
    expect(coloured.out.replace(/\u001b\[\d+m/g, '')).toBe(plain.out);
    expect(plain.out).not.toMatch(/[^\P{Cc}\n]/u);
  }
});

test('some of them show ids, so that the test above says something', async () => {
  const shows = async (...args: string[]) => (await run(args, 80, false)).out;
  expect(await shows('licences', 'list')).toContain(UUID);
  expect(await shows('pools', 'list')).toContain(POOL);
  expect(await shows('changes', 'list')).toContain(DIGEST);
});

test('what is refused is told in lines that fit', async () => {
  for (const columns of [40, 80]) {
    const { complaints } = await run(['licences', 'show', REFUSED], columns, false);
    expect(complaints).toContain(LICENCE);
    expect(findBroken(complaints, columns)).toEqual([]);
  }
});

test('wide characters take two columns, combining ones and colours none', () => {
  expect(columnsOf('（日本）、ｶﾅ')).toBe(12);
  expect(columnsOf('\u001b[1me\u0301\u001b[22m한글')).toBe(5);
  expect(fitLines(`  a ${UUID} b\nc`, 20)).toBe(`  a\n  ${UUID}\n  b\nc`);
});
