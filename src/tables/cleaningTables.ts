import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { dayOf } from '../contract/dayHours.ts';
import type { Stored } from '../contract/stored.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { Activation } from '../seats/activation.ts';
import { learnHours, writeAndCount } from '../seats/issue.ts';
import type { ActivationStore, SeatStore } from '../seats/store.ts';
import type { UsageStore } from '../usage/store.ts';
import { readActivationRow } from './activationRow.ts';
import { hourKey, usageRange, VM_ROWS, vmRow } from './keys.ts';
import { mapReadable } from './paging.ts';
import { listPools } from './poolScan.ts';
import { deleteRow, deleteRows, readPieces } from './rows.ts';
import type { Budgets } from './storeCall.ts';

/** Rows looked at in one piece of work. */
const PIECE = 500;
const KEYS = ['partitionKey', 'rowKey'];

type CleaningTables = Pick<DecisionStore, 'deleteRepeats'> &
  Pick<RequestStore, 'deleteRequests'> &
  Pick<ActivationStore, 'deleteActivations'> &
  Pick<UsageStore, 'deleteHours'>;

export function cleaningTables(
  tables: Readonly<Record<'once' | 'requests' | 'activations', TableClient>>,
  seats: SeatStore,
  budgets: Budgets,
): CleaningTables {
  const deleteOld = async function* (table: TableClient, kind: string, filter: string): AsyncGenerator<number> {
    const search = { operation: `look for old ${kind}`, budget: budgets.search };
    const call = { operation: `delete old ${kind}`, budget: budgets.call };
    for await (const rows of readPieces(table, search, { filter, select: KEYS }, PIECE)) {
      await deleteRows(table, call, rows);
      yield rows.length;
    }
  };
  const deleteHours = async function* (before: number): AsyncGenerator<number> {
    for await (const pool of listPools(tables.activations, budgets.search)) {
      yield* deleteOld(tables.activations, 'hours', `${ofPool(pool)} and ${hoursBefore(before)}`);
    }
  };
  return {
    deleteRepeats: (before) => deleteOld(tables.once, 'rows of past hours', odata`RowKey lt ${hourKey(before)}`),
    deleteRequests: (before) => deleteOld(tables.requests, 'requests', odata`at lt ${new Date(before)}`),
    deleteActivations: (before) => deleteActivations(tables.activations, seats, budgets, before),
    deleteHours,
  };
}

function ofPool(pool: SeatPool): string {
  return odata`PartitionKey eq ${poolName(pool)}`;
}

/** Whole days: that in which `before` lies is kept. */
function hoursBefore(before: number): string {
  const { from, to } = usageRange({ from: 0, until: dayOf(before) }, { after: null, last: null });
  return odata`RowKey gt ${from} and RowKey lt ${to}`;
}

async function* deleteActivations(
  activations: TableClient,
  seats: SeatStore,
  budgets: Budgets,
  before: number,
): AsyncGenerator<number> {
  const search = { operation: 'look for old activations', budget: budgets.search };
  const end = new Date(before);
  const rows = odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
  const old = odata`seat lt 0 and blocked eq false and leaseEnd lt ${end} and graceUntil lt ${end}`;
  for await (const pool of listPools(activations, budgets.search)) {
    const filter = `${ofPool(pool)} and ${rows} and ${old}`;
    for await (const piece of readPieces(activations, search, { filter }, PIECE)) {
      let deleted = 0;
      // A row that cannot be read stays, for its hours could not be counted.
      for (const known of mapReadable({ items: piece, next: null }, readActivationRow).items) {
        if (await forget(activations, seats, budgets, { pool, known, before })) deleted += 1;
      }
      yield deleted;
    }
  }
}

interface Forgotten {
  readonly pool: SeatPool;
  readonly known: Stored<Activation>;
  readonly before: number;
}

/**
 * Deletes a VM's row, once the ledger has the hours of its newest licence. The service takes no condition for a deletion in
 * a transaction: these hours are written with a row that has none left, and that very row is deleted.
 */
async function forget(
  activations: TableClient,
  seats: SeatStore,
  budgets: Budgets,
  { pool, known, before }: Forgotten,
): Promise<boolean> {
  const { vmId, expiresAt, licenceJti } = known.value;
  let last: Stored<Activation> | null = known;
  if (learnHours(known.value, before).together.length > 0) {
    const next = { ...known.value, issuedAt: expiresAt };
    const { outcome } = await writeAndCount(seats, pool, { known, next, at: before });
    last = outcome === 'written' ? await seats.readActivation(pool, vmId) : null;
  }
  // A VM that has come back meanwhile keeps its row.
  if (last?.value.licenceJti !== licenceJti || last.value.blocked) return false;
  const place = { partitionKey: poolName(pool), rowKey: vmRow(vmId), version: last.version };
  const call = { operation: 'delete an old activation', budget: budgets.call };
  return (await deleteRow(activations, call, place)) === 'deleted';
}
