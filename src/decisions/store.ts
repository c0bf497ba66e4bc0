import type { DecisionFilter, DecisionRecord } from './decisionRecord.ts';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';

/** Audit rows. They are inserted once and never changed. */
export interface DecisionStore {
  /** `exists`: a row of this id was there, and stays as it is. */
  insertDecision(decision: DecisionRecord): Promise<'written' | 'exists'>;
  /** Whether there is at least one. */
  holdsADecision(): Promise<boolean>;
  /** By `id`, which is the correlation id that the VM was given too. */
  readDecision(id: string): Promise<DecisionRecord | null>;
  /**
   * The newest day first, and within a page the newest first. Which rows of a day share a page goes by subscription and
   * then by hour: a refusal's id, by which it is found, has the beginning of its hour.
   */
  pageDecisions(filter: DecisionFilter, page: PageRequest): Promise<ReadablePage<DecisionRecord>>;
  /**
   * Deletes the decisions of the days before the one in which `before` lies, in pieces, so that the caller can stop
   * between them. Each piece is the number of rows deleted; 0 while the store is still searching.
   */
  deleteDecisions(before: number): AsyncIterable<number>;
}
