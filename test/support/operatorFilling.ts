import { TableClient } from '@azure/data-tables';
import type { TableEntity } from '@azure/data-tables';

import { projectViews } from '../../src/app/projectViews.ts';
import type { Activation } from '../../src/seats/activation.ts';
import { activationEntity } from '../../src/tables/seats/activationRow.ts';
import { licenceEntity } from '../../src/tables/catalogue/catalogueRow.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { decisionEntity } from '../../src/tables/decisions/decisionRow.ts';
import { createDecisionId } from '../../src/decisions/decisionRecord.ts';
import type { DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import { LAG } from '../../src/views/projectLog.ts';
import type { TestTables } from './azurite.ts';
import { DAY, HOUR, licence, offer, vmId } from './licensing.ts';
import { putOffer } from './putOffer.ts';

/** How many of each. */
export interface OperatorFilling {
  readonly licences: number;
  readonly vms: number;
  readonly decisions: number;
  /** Milliseconds since the epoch: decisions are of the two weeks before, and seats are taken then. */
  readonly now: number;
}

const CLOUD = 'AzurePublicCloud';
const OFFER = 'Contoso/Firewall/Pro';
const NAMES = ['Fabrikam', 'Northwind Traders', 'Adventure Works', 'Contoso', 'Tailspin Toys'];

export const subscriptionOf = (index: number) => vmId(500_000_000 + index);

/** A store as a vendor has it after a while, with what the projector made of it, but for the last minutes. */
export async function fillForOperators(tables: TestTables, filling: OperatorFilling): Promise<void> {
  const { connectionString, tablePrefix } = tables;
  const { licences, now } = filling;
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  await putOffer(store, offer());
  await writeAll(
    tables,
    'licences',
    listOf(licences, (index) => licenceRow(index, now)),
  );
  await writeAll(
    tables,
    'activations',
    listOf(filling.vms, (index) => activationRow(index, filling)),
  );
  await writeAll(
    tables,
    'decisions',
    listOf(filling.decisions, (index) => decisionEntity(decisionOf(index, filling))),
  );
  await projectEverything(store, now);
}

/** Derives what operators look at from what was written into the tables, but for the last minutes. */
export async function projectEverything(store: ReturnType<typeof createTablesStore>, now: number): Promise<void> {
  // Of the days before, the pass has counted what there is: to build it up slice by slice takes many times as long.
  await store.writeMark('pools', { at: now - DAY, place: null }, null);
  const needs = { store, now: () => now };
  for (let steps = 0; steps < 1_000; steps += 1) {
    await projectViews(needs, () => undefined);
    const marks = [await store.readMark('pass'), await store.readMark('pools'), await store.readMark('search')];
    const isThere = marks.every(
      (mark, index) => mark !== null && (index === 0 ? mark.value.place === null : mark.value.at >= now - LAG),
    );
    if (isThere && ((await store.readStatisticsMark())?.value.until ?? 0) >= now - LAG) return;
  }
  throw new Error('The projector did not come to an end.');
}

function listOf<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function licenceRow(index: number, now: number): TableEntity {
  const name = `${NAMES[index % NAMES.length] ?? ''} ${index}`;
  const value = licence({
    id: `licence-${index}`,
    subscriptions: [{ cloud: CLOUD, subscriptionId: subscriptionOf(index), until: null }],
    ...{ seats: 10 + (index % 40), customer: { name, reference: `C-${index}`, contact: null } },
    validUntil: now + ((index % 400) - 20) * DAY,
    note: 'renewed by telephone',
  });
  return licenceEntity(value, { by: 'filling', at: now - index * 1_000 });
}

function activationRow(index: number, { licences, now }: OperatorFilling): TableEntity {
  const of = index % licences;
  const activation: Activation = {
    ...{
      vmId: vmId(index),
      cloud: CLOUD,
      subscriptionId: subscriptionOf(of),
      licenceId: `licence-${of}`,
      offer: OFFER,
    },
    ...{ blocked: false, seat: { kind: 'numbered', number: Math.floor(index / licences) }, jkt: null, keyChanges: [] },
    ...{ challenge: null, licenceJti: null, moves: 0, movedTo: null, counted: null, overSince: null },
    ...{ keyUntil: now, issuedAt: now - HOUR, expiresAt: now + DAY, leaseEnd: now + DAY, graceUntil: now + 2 * DAY },
    ...{ region: 'westeurope', sku: 'Gen2', client: null, label: null, firstSeen: now - DAY, lastSeen: now - HOUR },
  };
  return activationEntity(`licence:licence-${of}`, activation);
}

function decisionOf(index: number, { licences, vms, decisions, now }: OperatorFilling): DecisionRecord {
  const at = now - Math.floor((index * 14 * DAY) / decisions);
  const of = index % licences;
  return {
    ...{ id: createDecisionId(at), at, cloud: CLOUD, subscriptionId: subscriptionOf(of), vmId: vmId(index % vms) },
    code: index % 5 === 0 ? 'seats_exhausted' : index % 97 === 0 ? 'key_changed' : 'licence_issued',
    ...{ plan: { publisher: 'contoso', product: 'firewall', name: 'pro' }, claimedOffer: null, offer: OFFER },
    ...{ licenceId: `licence-${of}`, region: 'westeurope', sku: 'Gen2' },
    checks: [{ name: 'size', outcome: 'passed' }],
  };
}

/** In transactions: one row at a time takes minutes. */
export async function writeAll(
  { connectionString, tablePrefix }: TestTables,
  name: string,
  rows: readonly TableEntity[],
) {
  const table = TableClient.fromConnectionString(connectionString, tablePrefix + name, {
    allowInsecureConnection: true,
  });
  for (const group of Map.groupBy(rows, ({ partitionKey }) => partitionKey).values()) {
    for (let from = 0; from < group.length; from += 100) {
      await table.submitTransaction(group.slice(from, from + 100).map((row) => ['create', row]));
    }
  }
}
