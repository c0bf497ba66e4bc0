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
