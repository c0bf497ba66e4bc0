import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectViews } from '../../../src/app/projectViews.ts';
import { OPERATOR_ENDPOINTS } from '../../../src/contract/endpoints.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { boot, createKey, send } from '../../endToEnd/protocolClient.ts';
import { useStack } from '../../operators/useStack.ts';
import { Bindings } from '../support/bindings.ts';
import { readExchanges } from './exchanges.ts';
import type { Exchange } from './exchanges.ts';

/**
 * docs/operators-api.md: each of its requests is sent as it stands there, in their order, and each answer is compared with
 * the one that the page shows.
 */

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/operators-api.md'), 'utf8');
const exchanges = readExchanges(PAGE);

const folder = mkdtempSync(join(tmpdir(), 'countersign-page-'));
const catalogueFile = join(folder, 'catalogue.json');
writeFileSync(catalogueFile, '{ "offers": [], "licences": [] }');
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const stack = useStack({ catalogueFile });

/** What happens between two requests of the page, by the request before. */
const MEANWHILE: Readonly<Record<string, () => Promise<void>>> = {
  'PUT /operator/v1/licences/fabrikam-2026': async () => {
    expect(await bootVm('licensed')).toBe(200);
    expect(await bootVm('licensed-2')).toBe(403);
  },
};

async function bootVm(vm: string): Promise<number> {
  const { serviceUrl: baseUrl, imdsUrl } = stack();
  return (await boot({ baseUrl, issuer: baseUrl, imdsUrl, vm, key: createKey() })).status;
}

/** What the timers of the service do every few minutes. */
async function project(): Promise<void> {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await projectViews({ store, now: () => Date.now() + LAG }, () => undefined);
}

async function exchange({ line, path, answer, ...shown }: Exchange, bindings: Bindings): Promise<void> {
  const headers = Object.entries(shown.headers).filter(([name]) => name !== 'Host');
  const answered = await send(stack().serviceUrl + bindings.translate(path), {
    method: shown.method,
    headers: headers.map(([name, value]) => [name, bindings.translate(value)] as [string, string]),
    ...(shown.body !== undefined && { body: bindings.translateBody(shown.body) }),
  });
  expect(answered.status, `${line}\n${answered.text}`).toBe(shown.status);
  bindings.compare(answer, answered.body, line);
  expect(answered.headers.get('etag')).toBe(bindings.translate(shown.answerHeaders['ETag'] ?? '') || null);
  expect(answered.headers.get('content-type')).toBe(shown.answerHeaders['Content-Type']);
}

test('every request of the page is answered as the page says', async () => {
  const bindings = new Bindings({
    'https://licences.contoso.com': stack().serviceUrl,
    AzurePublicCloud: 'emulator',
    'ADMIN-TOKEN': stack().operatorTokens.Admin,
    TOKEN: stack().operatorTokens.Operator,
  });
  for (const one of exchanges) {
    await exchange(one, bindings);
    await MEANWHILE[one.line]?.();
    await project();
  }
  for (const line of Object.keys(MEANWHILE)) expect(exchanges.map((one) => one.line)).toContain(line);
});

test('the page has every route', () => {
  const shown = exchanges.map(({ method, path }) => ({ method, parts: path.replace(/\?.*/, '').split('/') }));
  const missing = Object.values(OPERATOR_ENDPOINTS).filter(({ method, path }) => {
    const parts = path.split('/');
    const isLike = (other: readonly string[]) =>
      other.length === parts.length && parts.every((part, index) => part.startsWith('{') || part === other[index]);
    const isInTable = PAGE.includes(`| \`${method} ${path.replace('/operator/v1', '')}\` `);
    return !isInTable && !shown.some((one) => one.method === method && isLike(one.parts));
  });
  expect(missing).toEqual([]);
});
