/**
 * What is old is deleted in pieces, so that the caller can stop between them. Each piece says how many rows it deleted:
 * none, too, while the store is still searching.
 */
export interface CleaningStore {
  /** Decisions of the days before the one in which `before` lies. */
  deleteDecisions(before: number): AsyncIterable<number>;
  /** Operators' requests that began before `before`. */
  deleteRequests(before: number): AsyncIterable<number>;
  /**
   * Activations without a counted seat that are not blocked and whose lease and grace ended before `before`. They keep
   * a VM's newest challenge and its keys, so that `before` must lie further back than any challenge or licence lives.
   */
  deleteActivations(before: number): AsyncIterable<number>;
}
