import { parsePoolName, poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { dayStart } from '../../src/contract/dayHours.ts';
import type { LicensedVm, SummedHours, Subscription, UsageReader, VmHours } from '../../src/usage/store.ts';

/** What one pool holds. The arrays may change while they are read. */
export interface MemoryUsage {
  readonly licensed: readonly LicensedVm[];
  readonly hours: readonly (VmHours | SummedHours)[];
}

const PIECE = 1_000;

/** A ledger in memory. The same rules are held against the real store in tables/usageTable.test.ts. */
export function createMemoryUsageStore(pools: () => ReadonlyMap<string, MemoryUsage>): UsageReader {
  const isOf = (of: Subscription | null) => (row: Subscription) =>
    of === null || (row.cloud === of.cloud && row.subscriptionId === of.subscriptionId);
  const rowsOf = (pool: SeatPool) => pools().get(poolName(pool)) ?? { licensed: [], hours: [] };
  return {
    nextPool: (after) => {
      const name = [...pools().keys()].sort().find((one) => after === null || one > after);
      return Promise.resolve(name === undefined ? null : parsePoolName(name));
    },
    readLicensed: async function* (pool, days, of) {
      const newest = rowsOf(pool).licensed.filter(
        (vm) => vm.expiresAt > dayStart(days.from) && vm.issuedAt < dayStart(days.until),
      );
      const sorted = newest.filter(isOf(of)).sort((left, right) => (left.vmId < right.vmId ? -1 : 1));
      yield* inPieces(sorted);
    },
    readHours: async function* (pool, { from, until }, { vms: { after, last }, of }) {
      const isWithin = ({ vmId }: { readonly vmId: string | null }) =>
        vmId === null ? last === null : (after === null || vmId > after) && (last === null || vmId <= last);
      const rows = rowsOf(pool).hours.filter((row) => row.day >= from && row.day < until && isWithin(row));
      yield* inPieces(rows.filter(isOf(of)));
    },
  };
}

async function* inPieces<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < items.length; start += PIECE)
    yield await Promise.resolve(items.slice(start, start + PIECE));
}
