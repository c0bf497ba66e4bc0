import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { dayStart } from '../../contract/dayHours.ts';
import type { DayRange, Subscription, UsageReader, VmRange } from '../../usage/store.ts';
import { usageRange, VM_ROWS } from '../kit/keys.ts';
import { findNextPool } from './poolScan.ts';
import { readPieces } from '../kit/rows.ts';
import type { RowQuery } from '../kit/rows.ts';
import type { StoreCall } from '../kit/storeCall.ts';
import { LICENSED_COLUMNS, readLicensedRow, readUsageRow } from './usageRow.ts';

const MAX_PAGE = 1_000;

/** @param budget milliseconds for one page */
export function usageTable(activations: TableClient, budget: number): UsageReader {
  return {
    nextPool: (after) => findNextPool(activations, budget, after),
    readLicensed: (pool, { from, until }, of) => {
      const call = { operation: 'look for licensed VMs', budget };
      const rows = odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
      const newest = odata`expiresAt gt ${new Date(dayStart(from))} and issuedAt lt ${new Date(dayStart(until))}`;
      const query = {
        filter: `${ofPool(pool)} and ${rows} and ${newest}${ofSubscription(of)}`,
        select: LICENSED_COLUMNS,
      };
      return mapPieces(activations, call, query, readLicensedRow);
    },
    readHours: async function* (pool, days, { vms, of }) {
      const call = { operation: 'read the hours of VMs', budget };
      for (const { from, to } of listRanges(days, vms)) {
        const rows = odata`RowKey gt ${from} and RowKey lt ${to}`;
        const query = { filter: `${ofPool(pool)} and ${rows}${ofSubscription(of)}` };
        yield* mapPieces(activations, call, query, readUsageRow);
      }
    },
  };
}

/** All days of all VMs are one range; of some of the VMs it is one a day. */
function listRanges(days: DayRange, vms: VmRange): readonly { readonly from: string; readonly to: string }[] {
  if (vms.after === null && vms.last === null) return [usageRange(days, vms)];
  return Array.from({ length: days.until - days.from }, (_, index) => {
    const from = days.from + index;
    return usageRange({ from, until: from + 1 }, vms);
  });
}

function ofPool(pool: SeatPool): string {
  return odata`PartitionKey eq ${poolName(pool)}`;
}

function ofSubscription(of: Subscription | null): string {
  return of === null ? '' : odata` and cloud eq ${of.cloud} and subscriptionId eq ${of.subscriptionId}`;
}

async function* mapPieces<T>(
  table: TableClient,
  call: StoreCall,
  query: RowQuery,
  read: (row: Readonly<Record<string, unknown>>) => T,
): AsyncGenerator<readonly T[]> {
  for await (const rows of readPieces(table, call, query, MAX_PAGE)) yield rows.map(read);
}
