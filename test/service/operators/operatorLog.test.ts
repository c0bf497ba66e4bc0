import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';

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
  for (const key of [`licensed::${strange}:a:b:c`, `licensed:emulator:${strange}:a:b:c`]) await writeBadRow(scene, key);
  const { status, body } = await scene.operate(`GET /activations?vmId=${VM}`);
  expect(status).toBe(200);
  expect(body['items']).toMatchObject([{ vmId: VM, licence: 'http-standard' }]);
  const [line, ...more] = linesOf(scene, 'rows_left_out');
  expect(line).toMatchObject({ level: 'warn', count: 2 });
  expect(JSON.stringify(line)).not.toContain(strange);
  expect(more).toEqual([]);
});
