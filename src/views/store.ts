import type { Seats } from '../catalogue/offer.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { RecordedLicence } from '../catalogue/store.ts';
import type { DeleteOutcome, PageRequest, ReadablePage, Stored, WriteOutcome, Written } from '../contract/stored.ts';
import type { DecisionFilter, DecisionRecord } from '../decisions/decisionRecord.ts';
import type { Counts, SeenHour } from './countDecisions.ts';

/** Whose decisions a timeline has. */
export type TimelineOwner =
  | { readonly kind: 'subscription'; readonly cloud: string; readonly subscriptionId: string }
  | { readonly kind: 'vm'; readonly cloud: string; readonly vmId: string };

/** Milliseconds since the epoch: `from` inclusive, `until` exclusive. */
export interface Times {
  readonly from: number;
  readonly until: number;
}

/** The log of decisions, in the order of time, for what is derived from it. */
export interface LogReader {
  /**
   * The decisions that were made in these times.
   *
   * @returns `null` if there are more than `limit`
   * @throws {StoreUnavailableError}
   */
  readSlice(times: Times, limit: number): Promise<readonly DecisionRecord[] | null>;
}

/** Timelines, and how far they are derived from the log. Every method throws {@link StoreUnavailableError}. */
export interface TimelineStore extends LogReader {
  /**
   * The decisions made before this time (milliseconds since the epoch) are in the timelines. `null`: none is, because
   * nothing was derived yet or because the row was deleted so that everything is derived again.
   */
  readWatermark(): Promise<Stored<number> | null>;
  /** @param version of the watermark that was read; `null` if there was none */
  writeWatermark(watermark: number, version: string | null): Promise<Written>;
  /** Writes each into the timelines of its subscription and of its VM. Repeating it changes nothing. */
  copyIntoTimelines(decisions: readonly DecisionRecord[]): Promise<void>;
  /** The newest first, as {@link DecisionStore.pageDecisions}. @throws {ContinuationError} */
  pageTimeline(owner: TimelineOwner, filter: DecisionFilter, page: PageRequest): Promise<ReadablePage<DecisionRecord>>;
}

/** How far statistics are written. Times are milliseconds since the epoch. */
export interface StatisticsMark {
  /** Decisions made before this are counted; 0 while what was counted before is still to be deleted. */
  readonly until: number;
  /** Hours before this one are one row each, as far as a row has room. */
  readonly foldedUntil: number;
}

/** What slices of the log have of one hour. Times are milliseconds since the epoch. */
export interface CountedHour extends SeenHour {
  /** The slices: from the beginning of the first one to the end of the last one. With the hour it names the row. */
  readonly slices: Times;
}

/** Statistics, in one partition: so a slice, and the mark that says so, are written in one transaction. */
export interface StatisticsStore {
  readStatisticsMark(): Promise<Stored<StatisticsMark> | null>;
  /**
   * Writes what a slice has of at most 50 hours, with the mark, which moves to its end. What instances have counted of
   * issues until then is added, and removed where it stood.
   *
   * @param version of the mark that was read; `null` if there was none
   * @returns `null` if the mark was moved meanwhile: nothing is written then
   */
  writeStatistics(
    slice: { readonly times: Times; readonly hours: readonly SeenHour[] },
    mark: StatisticsMark,
    version: string | null,
  ): Promise<Stored<StatisticsMark> | null>;
  /**
   * Deletes some hours, with a mark at 0 in one transaction: so nothing is deleted that was counted since.
   *
   * @param version of the mark at 0; `null` if there is none
   * @returns the mark, and whether there was nothing to delete any more; `null` if it was moved meanwhile
   */
  clearStatistics(version: string | null): Promise<(Stored<StatisticsMark> & { readonly isEmpty: boolean }) | null>;
  /** The mark alone. @returns as {@link writeStatistics} */
  writeStatisticsMark(mark: StatisticsMark, version: string): Promise<Stored<StatisticsMark> | null>;
  /** Rows of the hours that begin in these times, in order: of an hour in the order of its slices. */
  readCountedHours(hours: Times): Promise<readonly Stored<CountedHour>[]>;
  /**
   * Everything from an hour on, with the mark, and what instances have counted of issues since. One call for 1,000 rows.
   * Where it takes several, and rows are written meanwhile, a row may come after rows that it was folded from.
   */
  readStatistics(from: number): Promise<{
    readonly hours: readonly CountedHour[];
    readonly mark: StatisticsMark | null;
    readonly issues: readonly IssuesCounted[];
  }>;
  /** Replaces rows of one hour, at most 99 that follow each other, by their sum. Nothing is done if one has changed. */
  foldHours(rows: readonly Stored<CountedHour>[], sum: CountedHour): Promise<void>;
  /** Deletes hours before the one in which `before` lies, in pieces: each is the number of rows deleted. */
  deleteStatistics(before: number): AsyncIterable<number>;
}

/** Licences that one instance issued within an hour, and that statistics do not have yet. */
export interface IssuesCounted {
  /** Milliseconds since the epoch. */
  readonly hour: number;
  readonly issues: Counts;
}

/** What is derived from the log beside timelines and statistics, or from the whole catalogue once a day; and the cleaning. */
export type ViewName = 'pools' | 'search' | 'licences' | 'pass' | 'cleaning';

/** How far each view is. */
export interface ViewMarkStore {
  /** `null`: nothing was derived yet, or the row was deleted so that everything is derived again. */
  readMark(view: ViewName): Promise<Stored<ViewMark> | null>;
  /** @param version of the mark that was read; `null` if there was none */
  writeMark(view: ViewName, mark: ViewMark, version: string | null): Promise<Written>;
}

export interface ViewMark {
  /** Milliseconds since the epoch: what happened before is derived. */
  readonly at: number;
  /** Where a pass through everything goes on; `null` at its end. */
  readonly place: string | null;
}

/** A pool of seats as it was counted last. Times are milliseconds since the epoch. */
export interface PoolView {
  /** {@link poolName} */
  readonly name: string;
  readonly kind: SeatPool['kind'];
  /** As tokens carry it. */
  readonly licenceId: string;
  readonly cloud: string;
  readonly subscriptionId: string;
  readonly offer: string;
  readonly customer: string | null;
  readonly seats: Seats;
  readonly overage: Seats;
  readonly taken: number;
  readonly over: number;
  readonly overSince: number | null;
  /** When a VM of it was seen last, as far as it was counted; `null` if none was. */
  readonly lastSeen: number | null;
  /** VMs that got no seat, by the hour: the last day's. */
  readonly refused: Counts;
  /** Of the first refusal with less than a day to the next one. */
  readonly refusedSince: number | null;
  /** Refusals before this are in `refused`. */
  readonly refusedUntil: number;
  /** When the seats were counted. */
  readonly asOf: number;
}

/** Pools of seats, in two orders. */
export interface PoolViewStore {
  readPoolView(name: string): Promise<Stored<PoolView> | null>;
  /** Writes both of its rows, in one transaction. @param stored what was read */
  writePoolView(view: PoolView, stored: Stored<PoolView> | null): Promise<WriteOutcome>;
  deletePoolView(stored: Stored<PoolView>): Promise<void>;
  /** By name, or the fullest first. One call for a page. @param kind of those alone */
  pagePoolViews(
    order: 'name' | 'fullest',
    page: PageRequest,
    kind?: PoolView['kind'],
  ): Promise<ReadablePage<Stored<PoolView>>>;
}

/** Orders of licences beside that of their ids: `changed` has the newest change first, `end` and `customer` the least. */
export const LICENCE_ORDERS = ['customer', 'end', 'changed'] as const;
export type LicenceOrder = (typeof LICENCE_ORDERS)[number];

/** Where copies of a licence and its words stand, so that they are found when it changes. */
export interface LicencePlaces {
  /** As the licence is keyed. */
  readonly id: string;
  /** Of the licence that was copied last; empty while one is being written. */
  readonly version: string;
  readonly words: readonly string[];
  /** Row keys by order. */
  readonly copies: readonly { readonly order: LicenceOrder; readonly key: string }[];
}

/** Copies of licences in other orders, and their words. */
export interface LicenceViewStore {
  readPlaces(id: string): Promise<Stored<LicencePlaces> | null>;
  writePlaces(places: LicencePlaces, version: string | null): Promise<Written>;
  deletePlaces(id: string, version: string): Promise<DeleteOutcome>;
  /** In the order of the ids. */
  pagePlaces(page: PageRequest): Promise<ReadablePage<LicencePlaces>>;
  putCopies(licence: RecordedLicence, places: LicencePlaces): Promise<void>;
  deleteCopies(places: LicencePlaces): Promise<void>;
}

/** A page of licences in an order, each with the key after which the next one begins. */
export interface SortedPage {
  readonly items: readonly { readonly key: string; readonly licence: RecordedLicence }[];
  readonly unreadable: readonly string[];
  /** Of the last row, also if it could not be read; `null` at the end. */
  readonly after: string | null;
}

export interface SortedLicenceStore {
  /**
   * One call for at most 1,000 rows.
   *
   * @param after the key of the row before; `null`: from the beginning
   * @param endsBefore with the order `end`: of those alone that end before it
   */
  pageSorted(
    order: LicenceOrder | 'id',
    options: { readonly after: string | null; readonly size: number; readonly ends?: Partial<Times> | undefined },
  ): Promise<SortedPage>;
}

/** A subscription or VM that the service knows. */
export interface KnownId {
  readonly kind: 'subscription' | 'vm';
  readonly cloud: string;
  /** Lower-case UUID. */
  readonly id: string;
  /** When it was met last, in milliseconds since the epoch. */
  readonly at: number;
}

/** A licence as the search finds it by a word. */
export interface FoundLicence {
  readonly id: string;
  readonly customer: string | null;
  readonly reference: string | null;
  readonly offer: string;
  readonly words: readonly string[];
}

export interface SearchStore {
  putIds(ids: readonly KnownId[]): Promise<void>;
  /** Deletes one that is to be forgotten. */
  deleteId(id: Pick<KnownId, 'kind' | 'cloud' | 'id'>): Promise<void>;
  /** Deletes those that were met last before `before`, in pieces: each is the number of rows deleted. */
  deleteIds(before: number): AsyncIterable<number>;
  /** Ids that begin so, and whether these are all. One call. @param beginning at least two characters */
  findIds(beginning: string): Promise<{ readonly items: readonly KnownId[]; readonly complete: boolean }>;
  /** Licences with a word that begins so, and whether these are all. One call. @param beginning at least two characters */
  findLicences(beginning: string): Promise<{ readonly items: readonly FoundLicence[]; readonly complete: boolean }>;
}
