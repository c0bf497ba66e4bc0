import { expect, test } from 'vitest';

import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const get = (path: string) => operate(stack(), `GET ${path}`, { as: 'Reader' });

/** One machine comes with one key. */
const KEY = createKey();

const bootVm = (vm: string, change: Readonly<Record<string, unknown>> = {}) => {
  const { serviceUrl: baseUrl, imdsUrl } = stack();
  return boot({ baseUrl, issuer: baseUrl, imdsUrl, vm, key: KEY, change });
};

type Item = Readonly<Record<string, unknown>>;
const itemsOf = async (path: string) => (await get(path)).body['items'] as readonly Item[];

test('a VM and a subscription tell their timeline, in whichever accepted cloud they are', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const [first] = await itemsOf('/decisions');
  const { vmId, subscription } = first as { vmId: string; subscription: string };
  for (const query of [`vm=${vmId}`, `subscription=${subscription}`, `vm=${vmId.toUpperCase()}&cloud=emulator`]) {
    const { body } = await get(`/timeline?${query}`);
    expect(body).toMatchObject({ items: [{ vmId, subscription, code: 'licence_issued' }], continuation: null });
    expect(body['cloud']).toBe(query.includes('cloud') ? 'emulator' : null);
  }
});

test('what would be decided now is told alone', async () => {
  const refused = await bootVm('stranger');
  const id = String(refused.body['correlationId']);
  const { body } = await get(`/decisions/${id}/now`);
  const explanation = (await get(`/decisions/${id}/explanation`)).body;
  expect({ ...body, at: null }).toEqual({ ...(explanation['now'] as object), at: null });
  expect(body['outcome']).toBe('subscription_not_licensed');
  expect((await get('/decisions/00000000-0000-4000-8000-000000000000/now')).status).toBe(404);
});

test('a VM is found by what one knows of it: its id, its subscription, its pool', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const [known] = await itemsOf('/activations?licence=http-standard');
  const { vmId, subscription, pool } = known as { vmId: string; subscription: string; pool: string };
  for (const query of [
    `vmId=${vmId}`,
    `subscription=${subscription}`,
    `subscription=${subscription}&vmId=${vmId}`,
    `pool=${encodeURIComponent(pool)}`,
  ]) {
    expect(await itemsOf(`/activations?${query}`), query).toEqual([known]);
  }
});

test('a VM in several pools is found in all of them, in none twice', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const [known] = await itemsOf('/activations?licence=http-standard');
  const { vmId } = known as { vmId: string };
  await operate(stack(), 'POST /blocks', { body: { licence: 'http-small', vmId } });
  const first = (await get(`/activations?vmId=${vmId}`)).body;
  const rest = (await get(`/activations?vmId=${vmId}&continuation=${String(first['continuation'])}`)).body;
  expect(first['items']).toMatchObject([{ licence: 'http-standard' }]);
  expect(rest).toMatchObject({ items: [{ licence: 'http-small', blocked: true }], continuation: null });
});

test('a VM is found by its label within its licence, its pool or its subscription', async () => {
  expect((await bootVm('licensed', { label: 'Kasse 7' })).status).toBe(200);
  const [known] = await itemsOf('/activations?licence=http-standard');
  const { subscription, pool } = known as { subscription: string; pool: string };
  for (const scope of ['licence=http-standard', `pool=${pool}`, `subscription=${subscription}&cloud=emulator`]) {
    expect((await get(`/activations?${scope}&label=KASSE`)).body).toMatchObject({
      items: [known],
      continuation: null,
      cloud: scope.includes('cloud') ? 'emulator' : null,
    });
    expect(await itemsOf(`/activations?${scope}&label=asse`)).toEqual([]);
  }
});

test('a VM that was blocked before it came is found by its id', async () => {
  const vmId = '99999999-0000-4000-8000-000000000001';
  await operate(stack(), 'POST /blocks', { body: { licence: 'http-standard', vmId } });
  expect(await itemsOf(`/activations?vmId=${vmId}`)).toMatchObject([{ vmId, blocked: true }]);
});

test.each([
  ['/timeline', 'one of the two'],
  ['/timeline?vm=99999999-0000-4000-8000-000000000001&subscription=99999999-0000-4000-8000-000000000001', 'one of'],
  ['/timeline?vm=99999999-0000-4000-8000-000000000001&continuation=x!', 'begin the list anew'],
  ['/timeline?vm=99999999-0000-4000-8000-000000000001&continuation=WzldXQ', 'begin the list anew'],
  ['/activations', 'Name a licence'],
  ['/activations?cloud=emulator', 'cloud goes with subscription'],
  ['/activations?label=kasse', 'within a licence, a pool or a subscription'],
  ['/activations?licence=a&pool=licence:a', 'name it alone'],
])('%s is refused', async (path, detail) => {
  const { status, body } = await get(path);
  expect([status, body['detail']]).toEqual([400, expect.stringContaining(detail)]);
});
