import { expect, test } from 'vitest';

import { projectViews } from '../../src/app/projectViews.ts';
import { boot, createKey } from '../endToEnd/protocolClient.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { operate, useStack } from './useStack.ts';

const stack = useStack();

const find = async (text: string) =>
  (await operate(stack(), `GET /search?q=${encodeURIComponent(text)}`, { as: 'Reader' })).body;

const openStore = () => createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
const project = () => projectViews({ store: openStore(), now: () => Date.now() + LAG }, () => undefined);

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

test.each([
  ['q=', 400],
  ['q=%20-', 400],
  [`q=${'a'.repeat(201)}`, 400],
  ['', 400],
])('%s is refused', async (query, status) => {
  expect((await operate(stack(), `GET /search?${query}`, { as: 'Reader' })).status).toBe(status);
});
