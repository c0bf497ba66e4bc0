import { expect, test } from 'vitest';

import { projectViews } from '../../../src/app/projectViews.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const find = async (text: string) =>
  (await operate(stack(), `GET /search?q=${encodeURIComponent(text)}`, { as: 'Reader' })).body;

const openStore = () => createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
const project = () => projectViews({ store: openStore(), now: () => Date.now() + LAG }, () => undefined);

const PATCHES = { 'Content-Type': 'application/merge-patch+json', 'If-Match': '*' };
const STRANGER = 'aaaaaaaa-0000-4000-8000-000000000002';

test('what a search finds leads on: to a licence, a subscription, a VM and a decision', async () => {
  const { serviceUrl: baseUrl, imdsUrl } = stack();
  const refused = await boot({ baseUrl, issuer: baseUrl, imdsUrl, vm: 'stranger', key: createKey() });
  expect(refused.status).toBe(403);
  await project();
  const { decisions } = await find(String(refused.body['correlationId']));
  expect(decisions).toMatchObject([{ code: 'subscription_not_licensed', subscription: STRANGER }]);
  const [{ vmId }] = decisions as [{ vmId: string }];
  expect(await find(vmId)).toMatchObject({ query: vmId, cloud: null, vms: [{ id: vmId, cloud: 'emulator' }] });
  expect(await find(STRANGER)).toMatchObject({ subscriptions: [{ id: STRANGER, cloud: 'emulator' }], complete: true });
  expect(await find('HTTP-SMALL')).toMatchObject({ licences: [{ id: 'http-small', customer: null }] });
  const erased = await operate(stack(), `DELETE /privacy/emulator/${STRANGER}`, { as: 'Admin' });
  expect(erased.status).toBe(200);
  expect(await find(vmId)).toMatchObject({ vms: [], decisions: [] });
  expect(await find(STRANGER)).toMatchObject({ subscriptions: [] });
});

test('a licence that was written a moment ago is found by its id, and a few minutes later by its words', async () => {
  const id = 'written-a-moment-ago';
  const body = {
    ...{ id, cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-0000000000f1', seats: 1 },
    ...{ offer: 'contoso/gateway/standard', customer: { name: 'Wide World Importers' } },
  };
  expect((await operate(stack(), `PUT /licences/${id}`, { body })).status).toBe(201);
  expect(await find(id)).toMatchObject({ licences: [{ id, customer: 'Wide World Importers' }] });
  await project();
  expect(await find('importers wor')).toMatchObject({ licences: [{ id }] });
  const listed = await operate(stack(), 'GET /licences?sort=changed&limit=1', { as: 'Reader' });
  expect(listed.body['items']).toMatchObject([{ licence: { id }, effective: 'active' }]);
  await operate(stack(), `PATCH /licences/${id}`, { body: { customer: { name: 'Relecloud' } }, headers: PATCHES });
  await project();
  expect(await find('importers')).toMatchObject({ licences: [] });
  expect(await find('relecloud')).toMatchObject({ licences: [{ id }] });
});

test.each([
  ['q=', 400],
  ['q=%20-', 400],
  [`q=${'a'.repeat(201)}`, 400],
  ['', 400],
])('%s is refused', async (query, status) => {
  expect((await operate(stack(), `GET /search?${query}`, { as: 'Reader' })).status).toBe(status);
});
