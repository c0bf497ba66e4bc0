import type { SeatPool } from '../catalogue/seatPool.ts';
import type { DayHours, LicensedTime } from '../contract/dayHours.ts';

/** Under what VMs were licensed. */
interface Licensed {
  readonly cloud: string;
  /** Lower-case UUID. */
  readonly subscriptionId: string;
  /** As tokens called it. */
  readonly licenceId: string;
  /** The name of the offer, `publisher/product/plan`. */
  readonly offer: string;
}

/** A VM with its newest licence, which the ledger does not have yet. */
export interface LicensedVm extends Licensed, LicensedTime {
  /** Lower-case UUID. */
  readonly vmId: string;
}

/** A row of the ledger: the hours of one VM. */
export interface VmHours extends Licensed, DayHours {
  readonly vmId: string;
}

/** A row of the ledger: how many VMs that are no longer named were licensed in each of the 24 hours. */
export interface SummedHours extends Licensed {
  readonly vmId: null;
  readonly day: number;
  readonly counts: readonly number[];
}

/** Days since the epoch: `from` inclusive, `until` exclusive. */
export interface DayRange {
  readonly from: number;
  readonly until: number;
}

/** The VMs whose ids come after `after`, up to `last`; `null`: from the beginning, or to the end. */
export interface VmRange {
  readonly after: string | null;
  readonly last: string | null;
}

export interface Subscription {
  readonly cloud: string;
  /** Lower-case UUID. */
  readonly subscriptionId: string;
}

/** The ledger of licensed hours, for reading. Every method throws StoreUnavailableError. */
export interface UsageReader {
  /** The next pool by its name that has any row; `null` after the last one. */
  nextPool(after: string | null): Promise<SeatPool | null>;
  /** In the order of their ids, in pieces: the VMs whose newest licence has a part in these days, at least. */
  readLicensed(pool: SeatPool, days: DayRange, of: Subscription | null): AsyncIterable<readonly LicensedVm[]>;
  /** In pieces, in no order that matters. Rows without a VM belong to the range without an end. */
  readHours(
    pool: SeatPool,
    days: DayRange,
    options: { readonly vms: VmRange; readonly of: Subscription | null },
  ): AsyncIterable<readonly (VmHours | SummedHours)[]>;
}

/** The ledger of licensed hours. */
export interface UsageStore extends UsageReader {
  /**
   * Replaces the rows of a subscription's VMs by sums that name none, but for those of the VMs that are `kept`, in pieces: each
   * is the number of rows replaced. Each day's sum is written in the transaction that deletes what it sums.
   */
  sumHours(pool: SeatPool, of: Subscription, kept: ReadonlySet<string>): AsyncIterable<number>;
  /** Deletes the days that ended before `before` (milliseconds since the epoch), in pieces: each is the number of rows deleted. */
  deleteUsage(before: number): AsyncIterable<number>;
}
