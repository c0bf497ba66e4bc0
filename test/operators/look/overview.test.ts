import { expect, test } from 'vitest';

import { projectViews } from '../../../src/app/projectViews.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { decision } from '../../support/decisions.ts';
import { DAY, HOUR, licence, subscriptions, vmId } from '../../support/licensing.ts';
import { startVault } from '../../support/keyVault.ts';
import { useScenes } from '../../support/serviceScene.ts';

const createScene = useScenes();

const CUSTOMER = { name: 'Fabrikam', reference: null, contact: null };

test('the overview says in one request what to look at first', async () => {
  const scene = await createScene();
  const now = scene.now();
  const { store } = scene;
  const change = { by: 'test', at: now };
  const value = licence({ id: 'fabrikam', subscriptions: subscriptions(vmId(90)), customer: CUSTOMER });
  await store.writeLicence({ ...value, validUntil: now + 30 * DAY }, null, change);
  await store.writeLicence({ ...value, id: 'later', validUntil: now + 61 * DAY }, null, change);
  await store.writeLicence({ ...value, id: 'ended', validUntil: now - DAY }, null, change);
  const refuse = (vm: number, ago: number, changed = {}) =>
    store.insertDecision(
      decision({ at: now - ago, vmId: vmId(vm), code: 'seats_exhausted', licenceId: 'fabrikam', ...changed }),
    );
  const strange = { code: 'subscription_not_licensed', licenceId: null, subscriptionId: vmId(91) } as const;
  for (const vm of [1, 2, 3]) await refuse(vm, HOUR);
  await refuse(1, 25 * HOUR + LAG);
  await refuse(4, 2 * HOUR, strange);
  await projectViews({ store, now: () => now }, () => undefined);
  expect((await scene.boot('licensed')).status).toBe(200);
  const { body } = await scene.operate('GET /overview', { as: 'Reader' });
  expect(body).toMatchObject({
    readiness: { state: 'ok', probes: expect.arrayContaining([expect.objectContaining({ name: 'pins' })]) as unknown },
    decisions: { period: '24h', by: 'hour' },
    refused: {
      items: [
        { code: 'seats_exhausted', customer: 'Fabrikam', licence: 'fabrikam', last24h: 3, dayBefore: 1 },
        { ...{ code: 'subscription_not_licensed', customer: null }, subscription: vmId(91), last24h: 1, dayBefore: 0 },
      ],
      complete: true,
    },
    ending: { licences: [{ id: 'fabrikam', customer: 'Fabrikam' }], complete: true, keys: [] },
    cloud: null,
  });
  const { items } = body['decisions'] as { items: readonly { code: string; count: number }[] };
  const sum = (code: string) => items.filter((one) => one.code === code).reduce((total, { count }) => total + count, 0);
  expect(['seats_exhausted', 'subscription_not_licensed', 'licence_issued'].map(sum)).toEqual([3, 1, 1]);
  expect((body['pools'] as readonly { licence: string }[]).map((pool) => pool.licence)).toContain('fabrikam');
  const week = (await scene.operate('GET /overview?period=7d', { as: 'Reader' })).body;
  const bars = (week['decisions'] as { items: readonly { code: string; count: number }[] }).items;
  expect(bars.reduce((total, { code, count }) => (code === 'seats_exhausted' ? total + count : total), 0)).toBe(4);
  expect((await scene.operate('GET /overview?period=1y', { as: 'Reader' })).status).toBe(400);
});

test('where the vault does not answer, the rest of the overview is told all the same', async () => {
  const vault = await startVault();
  const scene = await createScene({ vault });
  vault.isOpen = false;
  const { status, body } = await scene.operate('GET /overview', { as: 'Reader' });
  expect([status, (body['readiness'] as { state: string }).state]).toEqual([200, 'failed']);
});
