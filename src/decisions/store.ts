import type { DecisionCode, DecisionFilter, DecisionRecord } from './decisionRecord.ts';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';

/** What a VM can repeat at will, and is recorded once in an hour. */
export interface RepeatKey {
  readonly cloud: string;
  readonly subscriptionId: string;
  readonly vmId: string;
  readonly code: DecisionCode;
  /** The licence or, where there is none, the offer; empty where neither was found. */
  readonly about: string;
  /** Milliseconds since the epoch; the hour in which it lies counts. */
  readonly at: number;
}

/** Audit rows. They are inserted once and never changed. */
export interface DecisionStore {
  /**
   * Takes this hour's place for `id`, unless it is taken.
   *
   * @returns the id that holds the place: `id` itself, or that of the decision that was recorded first
   */
  claimHour(key: RepeatKey, id: string): Promise<string>;
  /** Gives a place back, so that the next repeat is recorded: the decision could not be written. */
  freeHour(key: RepeatKey): Promise<void>;
  /** `exists`: a row of this id was there, and stays as it is. */
  insertDecision(decision: DecisionRecord): Promise<'written' | 'exists'>;
  /** Whether there is at least one. */
  holdsADecision(): Promise<boolean>;
  /** By `id`, which is the correlation id that the VM was given too. */
  readDecision(id: string): Promise<DecisionRecord | null>;
  /** The newest first: whatever the filter, no row of a later page is newer than one of an earlier page. */
  pageDecisions(filter: DecisionFilter, page: PageRequest): Promise<ReadablePage<DecisionRecord>>;
  /**
   * Deletes the decisions of the days before the one in which `before` lies, in pieces, so that the caller can stop
   * between them. Each piece is the number of rows deleted; 0 while the store is still searching.
   */
  deleteDecisions(before: number): AsyncIterable<number>;
  /**
   * Deletes all decisions of one subscription, the copies in timelines too, in pieces: each is the number of decisions deleted.
   */
  deleteDecisionsOf(of: { readonly cloud: string; readonly subscriptionId: string }): AsyncIterable<number>;
  /** The same, for the places taken in hours before the one in which `before` lies. */
  deleteRepeats(before: number): AsyncIterable<number>;
}

/** A licence that was issued, a renewal too. */
export interface Issue {
  readonly cloud: string;
  /** Common name of the CA that issued the certificate under the evidence. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How many licences were issued under which CA. An issue writes nothing: what a process has counted is written later. */
export interface IssueStore {
  countIssue(issue: Issue): void;
  /**
   * Writes what this process has counted. It happens by itself once a minute; what is not written when the process ends, or
   * when the store does not answer, is lost.
   */
  writeIssues(): Promise<void>;
}
