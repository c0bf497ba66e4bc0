/** What every store's port says alike of rows. */

/** A row, and the version (ETag) that a conditional write must name. */
export interface Stored<T> {
  readonly value: T;
  readonly version: string;
}

/** Who made a change, and when (milliseconds since the epoch). */
export interface Change {
  readonly by: string;
  readonly at: number;
  /** Of the request: the record of the change has it too. Absent where no operator's request made the change. */
  readonly id?: string;
}

/** A row that operators write, and its last change. */
export interface Recorded<T> extends Stored<T> {
  readonly change: Change;
}

/** `exists`: a row to insert was there already. `changed`: a row to update is no longer at the version named. */
export type WriteOutcome = 'written' | 'exists' | 'changed';

/** The outcome of writing one row, with its new version. */
export type Written =
  { readonly outcome: 'written'; readonly version: string } | { readonly outcome: Exclude<WriteOutcome, 'written'> };

export type DeleteOutcome = 'deleted' | 'absent' | 'changed';

/**
 * The store did not answer in time, refused, or holds what cannot be read. Nothing was decided: the caller may try again.
 * The message names the operation and the store's error code, never a key or a credential.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** `size`: 1 to 1,000 rows. `continuation`: the `next` of the page before; absent for the first one. */
export interface PageRequest {
  readonly size: number;
  readonly continuation?: string | undefined;
}

/** A page may have fewer items than were asked for, even none: only `next: null` is the end. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque, printable ASCII. It holds a place in the list and nothing secret. */
  readonly next: string | null;
}

/** A page without the rows that cannot be read: what is told of the others need not wait for those. */
export interface ReadablePage<T> extends Page<T> {
  /** For each row left out why: its kind and what is wrong with it, never what stands there. */
  readonly unreadable: readonly string[];
}

/** The `continuation` is not one that this store gave for this list: the caller must begin the list anew. */
export class ContinuationError extends Error {
  override readonly name = 'ContinuationError';
}
