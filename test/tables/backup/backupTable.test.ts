import { TableClient } from '@azure/data-tables';
import type { TableEntity } from '@azure/data-tables';
import { expect, test } from 'vitest';

import type { BackupLine } from '../../../src/backup/records.ts';
import type { KeptLine, ReadPlace, StoredKind } from '../../../src/backup/store.ts';
import type { Activation } from '../../../src/seats/activation.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { activationEntity } from '../../../src/tables/seats/activationRow.ts';
import { sumEntity, usageEntity } from '../../../src/tables/seats/usageRow.ts';
import { createTestTables } from '../../support/azurite.ts';
import { AT, SUBSCRIPTION, vmId } from '../../support/licensing.ts';
import { startStoreProxy } from '../../support/storeProxy.ts';

/** What a backup reads of the seat pools: as many of them at once as have few rows. */

const DAY = 20_000;
const of = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, licenceId: 'x', offer: 'contoso/a/b' };
const OTHER = { ...of, offer: 'contoso/a/a' };

const vmRow = (pool: string, vm: number, changed: Partial<Activation> = {}) =>
  activationEntity(pool, {
    ...{ vmId: vmId(vm), ...of, sku: 's', blocked: false, jkt: null, keyUntil: 0, keyChanges: [] },
    ...{ seat: { kind: 'none' }, challenge: null, licenceJti: null, issuedAt: 0, expiresAt: 0, counted: null },
    ...{ overSince: null, movedTo: null, moves: 0, leaseEnd: 0, graceUntil: 0, region: null, client: null },
    ...{ label: null, firstSeen: 0, lastSeen: 0, ...changed },
  });
const hoursRow = (pool: string, vm: number, day: number, offer = of) =>
  usageEntity(pool, { vmId: vmId(vm), ...offer, day, hours: 1 });
const ONE_HOUR = Array.from({ length: 24 }, (_, hour) => (hour === 0 ? 1 : 0));

const nameOf = (index: number) => `licence:p${`${index}`.padStart(4, '0')}`;
const SMALL = 120;
/** More rows than are looked at together, and more VMs than one call answers. */
const BIG = nameOf(60);
const BIG_VMS = 1_100;

function rowsOfPool(pool: string, index: number): readonly TableEntity[] {
  if (pool === BIG) return Array.from({ length: BIG_VMS }, (_, vm) => vmRow(pool, vm, { blocked: vm % 2 === 0 }));
  const keyChanges = [{ from: null, at: AT, until: AT }];
  return [
    ...[vmRow(pool, 1, { blocked: index % 2 === 0 }), vmRow(pool, 2), vmRow(pool, 3, { keyChanges })],
    // The VM that comes first has the offer that comes last.
    ...[hoursRow(pool, 1, DAY), hoursRow(pool, 2, DAY, OTHER), hoursRow(pool, 3, DAY), hoursRow(pool, 1, DAY + 1)],
    sumEntity(pool, { ...of, day: DAY + 1, counts: ONE_HOUR }),
  ];
}

async function fillPools() {
  const tables = createTestTables();
  const { connectionString, tablePrefix } = tables;
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const store = createTablesStore({ connection: { connectionString: proxy.connectionString }, tablePrefix });
  await store.ensureTables();
  const table = TableClient.fromConnectionString(connectionString, `${tablePrefix}activations`, {
    allowInsecureConnection: true,
  });
  const pools = Array.from({ length: SMALL }, (_, index) => nameOf(index));
  // Rows of something that is no pool are no part of a backup.
  for (const [index, pool] of ['licence', ...pools, 'licence:p0010x:y'].entries()) {
    const rows = rowsOfPool(pool, index - 1);
    for (let first = 0; first < rows.length; first += 100)
      await table.submitTransaction(rows.slice(first, first + 100).map((row) => ['create', row]));
  }
  proxy.requests.length = 0;
  return { store, proxy, pools };
}

async function readFrom(store: Awaited<ReturnType<typeof fillPools>>['store'], kind: StoredKind, after: ReadPlace) {
  const found: KeptLine[] = [];
  for (let place: ReadPlace | 'end' = after; place !== 'end';) {
    const { lines, next } = await store.readKept(kind, place);
    found.push(...lines);
    place = next;
  }
  return found;
}

const isA = <K extends BackupLine['kind']>(kind: K, line: BackupLine): line is Extract<BackupLine, { kind: K }> =>
  line.kind === kind;

test('every bound VM and every sum is read once, in few calls, and reading goes on after any line', async () => {
  const { store, proxy, pools } = await fillPools();
  const vms = await readFrom(store, 'vm', null);
  const expected = pools.flatMap((pool, index) => {
    if (pool === BIG) return Array.from({ length: BIG_VMS / 2 }, (_, vm) => `${pool} ${vmId(2 * vm)}`);
    return [...(index % 2 === 0 ? [1] : []), 3].map((vm) => `${pool} ${vmId(vm)}`);
  });
  const nameVm = ({ line }: KeptLine) => (isA('vm', line) ? `${line.pool} ${line.vmId}` : line.kind);
  expect(vms.map(nameVm)).toEqual(expected);
  const hours = await readFrom(store, 'hours', null);
  expect(
    hours.map(({ line }) => (isA('hours', line) ? [line.pool, line.day, line.offer, line.counts[0]] : [])),
  ).toEqual(
    pools
      .filter((pool) => pool !== BIG)
      .flatMap((pool) => [
        ...[
          [pool, DAY, OTHER.offer, 1],
          [pool, DAY, of.offer, 2],
        ],
        [pool, DAY + 1, of.offer, 2],
      ]),
  );
  expect(proxy.requests.length).toBeLessThan(SMALL / 4);
  for (const [kind, lines] of [
    ['vm', vms],
    ['hours', hours],
  ] as const) {
    for (let index = 0; index < lines.length; index += 53) {
      const rest = await readFrom(store, kind, lines[index]?.place ?? null);
      expect(
        rest.map(({ line }) => line),
        `${kind} ${index}`,
      ).toEqual(lines.slice(index + 1).map(({ line }) => line));
    }
  }
});

test('a place that is a pool alone is before all of its rows, as an instance of an earlier version writes it', async () => {
  const { store, pools } = await fillPools();
  for (const kind of ['vm', 'hours'] as const) {
    const [first] = await readFrom(store, kind, [pools[5] ?? '']);
    expect(first?.line).toMatchObject({ pool: pools[5] });
  }
});
