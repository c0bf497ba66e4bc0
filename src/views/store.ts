import type { PageRequest, ReadablePage, Stored, Written } from '../contract/stored.ts';
import type { DecisionFilter, DecisionRecord } from '../decisions/decisionRecord.ts';

/** Whose decisions a timeline has. */
export type TimelineOwner =
  | { readonly kind: 'subscription'; readonly cloud: string; readonly subscriptionId: string }
  | { readonly kind: 'vm'; readonly cloud: string; readonly vmId: string };

/** What is derived from the log of decisions, and how far. Every method throws {@link StoreUnavailableError}. */
export interface TimelineStore {
  /**
   * The decisions made before this time (milliseconds since the epoch) are in the timelines. `null`: none is, because
   * nothing was derived yet or because the row was deleted so that everything is derived again.
   */
  readWatermark(): Promise<Stored<number> | null>;
  /** @param version of the watermark that was read; `null` if there was none */
  writeWatermark(watermark: number, version: string | null): Promise<Written>;
  /**
   * The decisions that were made from `from` (inclusive) to `until` (exclusive), both milliseconds since the epoch.
   *
   * @returns `null` if there are more than `limit`
   */
  readSlice(
    times: { readonly from: number; readonly until: number },
    limit: number,
  ): Promise<readonly DecisionRecord[] | null>;
  /** Writes each into the timelines of its subscription and of its VM. Repeating it changes nothing. */
  copyIntoTimelines(decisions: readonly DecisionRecord[]): Promise<void>;
  /** The newest first, as {@link DecisionStore.pageDecisions}. @throws {ContinuationError} */
  pageTimeline(owner: TimelineOwner, filter: DecisionFilter, page: PageRequest): Promise<ReadablePage<DecisionRecord>>;
}
