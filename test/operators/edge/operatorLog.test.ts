import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';
import type { StoreFault } from '../../support/storeProxy.ts';

/** What the log has of operators' requests. */

const createScene = useScenes();

const VM = '11111111-0000-4000-8000-000000000001';

function linesOf(scene: Scene, event: string) {
  const lines = scene.log().map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return lines.filter((line) => line['event'] === event);
}

function writeBadRow({ tables: { connectionString, tablePrefix } }: Scene, partitionKey: string) {
  const name = `${tablePrefix}activations`;
  const table = TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  return table.createEntity({ partitionKey, rowKey: `vm:${VM}`, schema: 1 });
}

test('rows that cannot be read are left out of a list, and told to the log by their kind alone', async () => {
  const scene = await createScene();
  expect((await scene.boot('licensed')).status).toBe(200);
  const strange = 'cccccccc-0000-4000-8000-000000000001';
  for (const pool of ['licence:strange', `marketplace:emulator:${strange}:a~2f~b~2f~c`]) await writeBadRow(scene, pool);
  const { status, body } = await scene.operate(`GET /activations?vmId=${VM}`);
  expect(status).toBe(200);
  expect(body['items']).toMatchObject([{ vmId: VM, licence: 'http-standard' }]);
  const others = await scene.operate(`GET /activations?vmId=${VM}&continuation=${String(body['continuation'])}`);
  expect(others.body).toMatchObject({ items: [], continuation: null });
  const [line, ...more] = linesOf(scene, 'rows_left_out');
  expect(line).toMatchObject({ level: 'warn', count: 2 });
  expect(JSON.stringify(line)).not.toContain(strange);
  expect(more).toEqual([]);
});

test('of a write the log has who, what and where, and nothing of the body', async () => {
  const scene = await createScene();
  expect((await scene.boot('licensed')).status).toBe(200);
  const { body } = await scene.operate(`GET /activations?vmId=${VM}`);
  const [{ id } = { id: '' }] = body['items'] as { id: string }[];
  await scene.operate(`POST /activations/${id}/block`);
  const offer = { offer: 'contoso/logged/pro', mode: 'licensed', features: { word: 'secret' } };
  await scene.operate('PUT /offers/contoso/logged/pro', { body: offer });
  const operator = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
  const line = { level: 'info', event: 'operator_wrote', operator, status: 200 };
  expect(linesOf(scene, 'operator_wrote')).toEqual([
    { ...line, operation: 'blockActivation', path: `/operator/v1/activations/${id}/block` },
    { ...line, operation: 'putOffer', path: '/operator/v1/offers/contoso/logged/pro', status: 201 },
  ]);
  expect(scene.log().join()).not.toContain('secret');
});

test('of what may have been written though nobody was told, the log has whose it is; of a trial nothing', async () => {
  const scene = await createScene();
  const body = { licences: [] };
  await scene.operate('POST /imports/licences?dryRun=true', { body });
  scene.proxy.fail(/licences/, ...new Array<StoreFault>(20).fill('refuse'));
  expect((await scene.operate('POST /imports/licences?dryRun=true', { body })).status).toBe(503);
  scene.proxy.recover();
  const headers = { 'Idempotency-Key': 'once' };
  for (let times = 0; times < 2; times += 1) await scene.operate('POST /imports/licences', { body, headers });
  expect(linesOf(scene, 'operator_wrote')).toHaveLength(1);
  scene.proxy.fail(/^POST \$batch/, 'lost', ...new Array<StoreFault>(20).fill('refuse'));
  const offer = { offer: 'contoso/logged/pro', mode: 'licensed' };
  expect((await scene.operate('PUT /offers/contoso/logged/pro', { body: offer })).status).toBe(503);
  scene.proxy.recover();
  expect(linesOf(scene, 'operator_may_have_written')).toMatchObject([
    { level: 'error', operation: 'putOffer', operator: expect.any(String) as string },
  ]);
});

test('of an erasure the log has numbers, who asked for it and why, and no VM', async () => {
  const scene = await createScene();
  expect((await scene.boot('licensed')).status).toBe(200);
  const path = '/privacy/emulator/aaaaaaaa-0000-4000-8000-000000000001';
  await scene.operate(`DELETE ${path}?dryRun=true`, { as: 'Admin' });
  expect(linesOf(scene, 'privacy_erased')).toEqual([]);
  expect((await scene.operate(`DELETE ${path}?reason=asked`, { as: 'Admin' })).status).toBe(200);
  const numbers = {
    vms: 0,
    hours: 0,
    decisions: 1,
    changes: 0,
    requests: 0,
    kept: expect.any(Number) as number,
    complete: true,
  };
  expect(linesOf(scene, 'privacy_erased')).toEqual([{ level: 'info', event: 'privacy_erased', ...numbers }]);
  expect(linesOf(scene, 'operator_wrote')).toMatchObject([{ operation: 'erasePrivacy', reason: 'asked' }]);
  expect(JSON.stringify([linesOf(scene, 'privacy_erased'), linesOf(scene, 'operator_wrote')])).not.toContain(VM);
});

test('of a VM that is blocked by its name the log has that name', async () => {
  const scene = await createScene();
  const body = { licence: 'http-standard', vmId: VM };
  await scene.operate('POST /blocks', { body });
  expect(linesOf(scene, 'operator_blocks_vm')).toMatchObject([{ level: 'info', ...body }]);
});
