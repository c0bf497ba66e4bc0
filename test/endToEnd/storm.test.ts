import { setTimeout as pauseFor } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { readSeating, setFleetSeats } from '../support/seating.ts';
import { boot, createKey, readPayload } from './protocolClient.ts';
import type { Answer, BootOptions } from './protocolClient.ts';
import { isOwn, useTarget } from './target.ts';

/** First boots of a whole fleet at once, through two processes of the app. `npm run check` lets 1,000 boot, and `npm run full` 2,000, 50 times. */

const target = useTarget();

const STORMS = Number(process.env['STORMS'] ?? 1);
const BOOTS = Number(process.env['STORM_BOOTS'] ?? 500);
const SEATS = 100;
const OVERAGE = 10;
const LICENCES = SEATS + OVERAGE;

test.skipIf(!isOwn)(
  `${STORMS} times ${BOOTS} first boots at once on ${SEATS} seats and ${OVERAGE} of overage, through two processes, give exactly ${LICENCES} licences`,
  async () => {
    const { connectionString, tablePrefix } = target().store ?? { connectionString: '', tablePrefix: '' };
    const store = createTablesStore({ connection: { connectionString }, tablePrefix });
    await setFleetSeats(store, SEATS, OVERAGE);
    for (let storm = 0; storm < STORMS; storm += 1) {
      await emptyTable(connectionString, `${tablePrefix}activations`);
      const answers = await Promise.all(Array.from({ length: BOOTS }, (_, vm) => bootFleet(storm * BOOTS + vm)));
      const licences = answers.filter(({ status }) => status === 200);
      const claims = licences.map(({ body }) => readPayload(String(body['licence'])));
      expect(new Set(claims.map(({ sub }) => sub)).size).toBe(LICENCES);
      expect(licences.length).toBe(LICENCES);
      expect(claims.filter(({ licence }) => (licence as { over?: boolean }).over === true).length).toBe(OVERAGE);
      const odd = answers.filter(({ status, body }) => status !== 200 && body['code'] !== 'seats_exhausted');
      expect(odd.map(({ text }) => text)).toEqual([]);
      const { taken, held, vms } = await readSeating(store);
      expect([taken.length, held, vms]).toEqual([LICENCES, taken, LICENCES]);
    }
  },
);

/** Every storm finds all seats free. */
async function emptyTable(connectionString: string, name: string): Promise<void> {
  const table = TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  const rows: [string, string][] = [];
  for await (const { partitionKey = '', rowKey = '' } of table.listEntities()) rows.push([partitionKey, rowKey]);
  for (const [partitionKey, rowKey] of rows) await table.deleteEntity(partitionKey, rowKey);
}

function bootFleet(vm: number): Promise<Answer> {
  const { baseUrls, issuer, imdsUrl } = target();
  const baseUrl = baseUrls[vm % baseUrls.length] ?? issuer;
  return bootUntilAnswered({ baseUrl, issuer, imdsUrl, vm: `fleet-${vm}`, key: createKey() });
}

/** How often one VM asks: on a busy machine the store is under siege for a minute or two. */
const TRIES = 50;

/**
 * As a client does it: what may pass by itself (a store under siege, a lost answer) is tried again with a new challenge,
 * after a pause that grows to ten seconds. Without pauses the fleet keeps the siege up itself.
 */
async function bootUntilAnswered(options: BootOptions): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await boot(options).catch((error: unknown) => {
      if (tries === TRIES) throw error;
      return null;
    });
    if (answer !== null && (answer.body['retryable'] !== true || tries === TRIES)) return answer;
    await pauseFor(Math.random() * Math.min(250 * 2 ** tries, 10_000));
  }
}
