import { TableClient } from '@azure/data-tables';
import { poolName } from '../../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../../src/catalogue/seatPool.ts';
import { dayOf } from '../../../src/contract/dayHours.ts';
import { createDecisionId } from '../../../src/decisions/decisionRecord.ts';
import type { DecisionRecord } from '../../../src/decisions/decisionRecord.ts';
import type { Activation } from '../../../src/seats/activation.ts';
import { activationEntity } from '../../../src/tables/seats/activationRow.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { decisionEntity } from '../../../src/tables/decisions/decisionRow.ts';
import { usageEntity } from '../../../src/tables/seats/usageRow.ts';
import type { TestTables } from '../../support/azurite.ts';
import { DAY, HOUR, vmId } from '../../support/licensing.ts';
import { projectEverything, writeAll } from '../../support/operatorFilling.ts';

/** A pool of seats in the past: how many VMs have a seat now, and had one 30 days ago. */
interface Past {
  readonly pool: SeatPool;
  readonly licenceId: string;
  readonly subscriptionId: string;
  readonly offer: string;
  readonly vms: number;
  readonly vmsBefore: number;
}

/** What was refused in the past. */
interface Refusal extends Pick<DecisionRecord, 'code' | 'licenceId' | 'subscriptionId'> {
  /** How often in the last 24 hours, and in the 24 hours before. */
  readonly today: number;
  readonly yesterday: number;
}

export interface History {
  readonly pools: readonly Past[];
  readonly refusals: readonly Refusal[];
  readonly offer: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const CLOUD = 'emulator';
const DAYS = 30;

/** Writes what a service has after a month, and derives from it what operators look at. */
export async function fillHistory(tables: TestTables, history: History): Promise<void> {
  const { connectionString, tablePrefix } = tables;
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await writeAll(
    tables,
    'activations',
    history.pools.flatMap((past, index) => [
      ...listOf(past.vms, (vm) => activationEntity(poolName(past.pool), activationOf(past, nameVm(index, vm), vm))),
      ...listHours(past, index, history.now),
    ]),
  );
  const decisions = [...listGrants(history), ...listRefusals(history)];
  await writeAll(tables, 'decisions', decisions.map(decisionEntity));
  // What was derived until now knows nothing of this past: without the marks everything is derived again.
  for (const name of ['views', 'statistics']) await deleteRows(tables, name);
  await projectEverything(store, history.now);
}

async function deleteRows({ connectionString, tablePrefix }: TestTables, name: string): Promise<void> {
  const options = { allowInsecureConnection: true };
  const table = TableClient.fromConnectionString(connectionString, tablePrefix + name, options);
  for await (const { partitionKey = '', rowKey = '' } of table.listEntities()) {
    await table.deleteEntity(partitionKey, rowKey);
  }
}

const listOf = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const nameVm = (pool: number, vm: number) => vmId(1_000 * (pool + 1) + vm);

function activationOf({ licenceId, subscriptionId, offer }: Past, id: string, seat: number): Activation {
  const now = Date.now();
  return {
    ...{ vmId: id, cloud: CLOUD, subscriptionId, licenceId, offer, blocked: false, jkt: null, keyChanges: [] },
    ...{ seat: { kind: 'numbered', number: seat }, challenge: null, licenceJti: null, moves: 0, movedTo: null },
    ...{ counted: null, overSince: null, keyUntil: now, issuedAt: now - HOUR, expiresAt: now + DAY },
    ...{ leaseEnd: now + DAY, graceUntil: now + 2 * DAY, region: 'westeurope', sku: 'standard-2' },
    ...{ client: 'gateway/2.1', label: `edge ${seat + 1}`, firstSeen: now - DAYS * DAY, lastSeen: now - HOUR },
  };
}

/** The ledger: every hour of each day, of more VMs each day. */
function listHours({ pool, licenceId, subscriptionId, offer, vms, vmsBefore }: Past, index: number, now: number) {
  return listOf(DAYS, (ago) => {
    const count = Math.round(vms - ((vms - vmsBefore) * (ago + 1)) / DAYS);
    return listOf(count, (vm) =>
      usageEntity(poolName(pool), {
        ...{ day: dayOf(now) - ago - 1, vmId: nameVm(index, vm), hours: 0xff_ffff },
        ...{ cloud: CLOUD, subscriptionId, licenceId, offer },
      }),
    );
  }).flat();
}

/** First boots of a week, more of them by day than by night. */
function listGrants({ pools, now }: History): readonly DecisionRecord[] {
  return listOf(7 * 24, (hour) => {
    const at = now - hour * HOUR - 10 * 60_000;
    const count = Math.round(5 + 4 * Math.sin((new Date(at).getUTCHours() - 8) / 3.8));
    return listOf(count, (number) => {
      const index = (hour + number) % Math.max(1, pools.length);
      const past = pools[index];
      return record(at - number * 1_000, {
        ...{ code: (hour + number) % 9 === 0 ? 'key_changed_accepted' : 'licence_issued' },
        ...{ licenceId: past?.licenceId ?? null, subscriptionId: past?.subscriptionId ?? '' },
        ...{ offer: past?.offer ?? null, vmId: nameVm(index, number) },
      });
    });
  }).flat();
}

function listRefusals({ refusals, offer, now }: History): readonly DecisionRecord[] {
  return refusals.flatMap(({ today, yesterday, ...rest }, kind) =>
    [today, yesterday].flatMap((count, ago) =>
      listOf(count, (number) =>
        record(now - ago * DAY - 20 * 60_000 - (number % 22) * HOUR - kind * 1_000, {
          ...{ ...rest, offer: rest.licenceId === null ? null : offer },
          ...{ vmId: nameVm(90 + kind, number) },
        }),
      ),
    ),
  );
}

type Told = Pick<DecisionRecord, 'code' | 'licenceId' | 'subscriptionId' | 'vmId' | 'offer'>;

function record(at: number, told: Told): DecisionRecord {
  const isRefused = told.code !== 'licence_issued' && told.code !== 'key_changed_accepted';
  return {
    ...{ id: createDecisionId(at), at, cloud: CLOUD, claimedOffer: null, region: 'westeurope', sku: 'standard-2' },
    plan: { publisher: 'contoso', product: 'gateway', name: 'standard' },
    checks: [
      { name: 'size', outcome: 'passed' },
      { name: 'licence', outcome: isRefused ? 'failed' : 'passed', detail: told.code.replaceAll('_', ' ') },
    ],
    ...told,
  };
}
