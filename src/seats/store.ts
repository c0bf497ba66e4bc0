import type { DayHours } from '../contract/dayHours.ts';
import type { Activation } from './activation.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { DeleteOutcome, Stored, PageRequest, ReadablePage, WriteOutcome } from '../contract/stored.ts';

/** 64 seats of a pool: bit n of `taken` is seat `64 × index + n`. `version: null`: the row is still to be inserted. */
export interface SeatBlock {
  readonly index: number;
  readonly taken: bigint;
  readonly version: string | null;
}

/** The seats of a pool: its blocks, and the VMs that were let in without counting (while seats were unlimited). */
export interface SeatRows {
  readonly blocks: readonly SeatBlock[];
  /** Whether there ever were any. */
  readonly hasUncounted: boolean;
  /** How many of them have a lease that ends at the time asked for or later. */
  readonly uncounted: number;
}

/** Hours of a day in which a VM was licensed, and under what. */
export interface UsageRow
  extends DayHours, Pick<Activation, 'vmId' | 'cloud' | 'subscriptionId' | 'licenceId' | 'offer'> {}

/**
 * One row to write. `version: null` inserts, else the row must still be at that version. A row of `usage` replaces what is
 * there: it is written together with the VM's own row, whose version guards both.
 */
export type SeatWrite =
  | { readonly row: 'activation'; readonly activation: Activation; readonly version: string | null }
  | { readonly row: 'block'; readonly index: number; readonly taken: bigint; readonly version: string | null }
  | { readonly row: 'uncounted' }
  | ({ readonly row: 'usage' } & UsageRow);

/** The seats and activations of a pool. All rows of a pool can be written in one transaction. */
export interface SeatStore {
  readActivation(pool: SeatPool, vmId: string): Promise<Stored<Activation> | null>;
  /** @param since VMs without a counted seat whose lease ends at this time or later are counted; `null`: none are */
  readSeats(pool: SeatPool, since: number | null): Promise<SeatRows>;
  /**
   * At most 100 activations whose lease ended before `before` and that hold a numbered seat.
   *
   * @param below only seats with a lower number; `null`: with any number
   */
  readEnded(pool: SeatPool, before: number, below: number | null): Promise<readonly Stored<Activation>[]>;
  /** All or nothing; 1 to 100 rows, no row twice. */
  writeSeats(pool: SeatPool, writes: readonly SeatWrite[]): Promise<WriteOutcome>;
}

/** Which activations: of one pool, of one subscription in its pools, or of one VM wherever it is. */
export type ActivationFilter =
  | {
      readonly pool: SeatPool;
      readonly vmId?: string | undefined;
      /** The VMs of this subscription alone, and those that may be in any, because they were blocked before they came. */
      readonly of?: { readonly cloud: string; readonly subscriptionId: string } | undefined;
    }
  | {
      readonly cloud: string;
      readonly subscriptionId: string;
      /** The pools of its licences and trials. Those in marketplace mode are found by the subscription itself. */
      readonly pools: readonly SeatPool[];
      readonly vmId?: string | undefined;
    }
  | { readonly vmId: string };

/** An activation and the pool whose seats it counts among. Names within the pool are in lower case. */
export interface PooledActivation extends Stored<Activation> {
  readonly pool: SeatPool;
}

/** VMs that have a seat. Times are milliseconds since the epoch. */
export interface Seated {
  readonly count: number;
  /** The earliest time since when one of them is over; `null` if none is. */
  readonly overSince: number | null;
  /** When one of them was seen last; `null` if there is none. */
  readonly lastSeen: number | null;
  /** false: there may be more. */
  readonly isWhole: boolean;
}

/** Activations as operators see them. Changes to one go through the seat store: changeActivation.ts. */
export interface ActivationStore {
  /** In the order of the pools, then of the VM ids. A VM id alone is a search through all pools. */
  pageActivations(filter: ActivationFilter, page: PageRequest): Promise<ReadablePage<PooledActivation>>;
  /** The row alone: forgetVm.ts gives its seat back first. */
  deleteActivation(pool: SeatPool, vmId: string, version: string): Promise<DeleteOutcome>;
  /**
   * Activations that hold a seat, counted or not, with a lease that ends at `since` or later.
   *
   * @param isLate asked after each page: whether to answer with what was counted until then; all are counted unless given
   */
  countSeated(pool: SeatPool, since: number, isLate?: () => boolean): Promise<Seated>;
  /**
   * Deletes activations without a counted seat that are not blocked and whose lease and grace ended before `before`, in
   * pieces: each is the number of rows deleted. They keep a VM's newest challenge and its keys, so `before` must lie
   * further back than any challenge or licence lives.
   */
  deleteActivations(before: number): AsyncIterable<number>;
}
