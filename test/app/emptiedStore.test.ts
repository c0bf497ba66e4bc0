import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { TableServiceClient } from '@azure/data-tables';
import { beforeEach, expect, test } from 'vitest';

import { applyCatalogue } from '../support/applyCatalogue.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { send } from '../endToEnd/protocolClient.ts';
import { createClientFleet, fleetOf, statesOf } from '../support/clientFleet.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** A fleet under the shipped client, and a store that somebody emptied: nobody's software stops. */

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const createFleet = ({ urls: [issuer], imdsUrl, now }: Scene) =>
  createClientFleet({ issuer, imdsUrl, now, vms: fleetOf(5) });

async function emptyStore({ store, tables }: Scene, what: 'everything' | 'licences'): Promise<void> {
  if (what === 'licences') {
    for (const { value } of await store.listLicences()) await store.deleteLicence(value.id, null);
    return;
  }
  const service = TableServiceClient.fromConnectionString(tables.connectionString, { allowInsecureConnection: true });
  for await (const { name = '' } of service.listTables()) {
    if (name.startsWith(tables.tablePrefix)) await service.deleteTable(name);
  }
  await store.ensureTables();
}

async function fillAgain({ store }: Scene): Promise<void> {
  const file = readFileSync(resolve(import.meta.dirname, '../endToEnd/catalogue.json'), 'utf8');
  await applyCatalogue(store, parseCatalogue(JSON.parse(file)), { change: { by: 'test', at: Date.now() } });
}

test.each([
  ['everything', 'plan_unknown', 503, 'holds no offer'],
  ['licences', 'subscription_not_licensed', 200, 'holds an offer'],
] as const)('a store that lost %s', async (what, code, ready, detail) => {
  const scene = await createScene();
  const check = createFleet(scene);
  expect(statesOf(await check())).toEqual(['licensed undefined']);
  await emptyStore(scene, what);
  ahead = 13 * HOUR;
  const refused = await scene.boot('fleet-6');
  expect([refused.status, refused.body['code']]).toEqual([403, code]);
  expect(refused.body).not.toHaveProperty('denial');
  const { status, text } = await send(`${scene.urls[0]}/readyz`);
  expect([status, text]).toEqual([ready, expect.stringContaining(detail)]);
  // Due, expired, and at the end of the grace of seven days.
  expect(statesOf(await check())).toEqual([`licensed ${code}`]);
  ahead = 2 * DAY;
  expect(statesOf(await check())).toEqual([`grace ${code}`]);
  ahead = 7 * DAY;
  expect(statesOf(await check())).toEqual([`grace ${code}`]);
  await fillAgain(scene);
  ahead += 31_000;
  expect(statesOf(await check())).toEqual(['licensed undefined']);
  expect((await send(`${scene.urls[0]}/readyz`)).status).toBe(200);
});

test('grace has an end, also where nobody fills the store again', async () => {
  const scene = await createScene();
  const check = createFleet(scene);
  await check();
  await emptyStore(scene, 'everything');
  ahead = 9 * DAY;
  expect(statesOf(await check())).toEqual(['refused plan_unknown']);
});
