import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { forgetVm } from '../../seats/forgetVm.ts';
import type { ActivationStore, SeatStore } from '../../seats/store.ts';
import { readActivationRow } from './activationRow.ts';
import { VM_ROWS } from '../kit/keys.ts';
import { mapReadable } from '../kit/paging.ts';
import { listPools } from './poolScan.ts';
import { readPieces } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

/** Rows looked at in one piece of work. */
const PIECE = 500;

export function ofPool(pool: SeatPool): string {
  return odata`PartitionKey eq ${poolName(pool)}`;
}

/** Deletes the rows of VMs that have no seat and have not come since `before`. */
export async function* deleteActivations(
  activations: TableClient,
  seats: SeatStore & Pick<ActivationStore, 'deleteActivation'>,
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
        if (await forgetVm(seats, pool, known, before)) deleted += 1;
      }
      yield deleted;
    }
  }
}
