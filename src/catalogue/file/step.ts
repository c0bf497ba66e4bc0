import { isDeepStrictEqual } from 'node:util';

import type { Change, Recorded } from '../../contract/stored.ts';

/** What is written at once, and how it is undone. */
export interface Step {
  /** For people: the rows. */
  readonly names: readonly string[];
  write(): Promise<{ readonly outcome: string; readonly version?: string }>;
  /** @param version what a single row has since it was written; null where nobody knows whether it was */
  takeBack(version: string | null): Promise<unknown>;
}

/** A write without an answer may have been executed all the same. Another operator's is not ours, though it says the same. */
export function ownVersion<T>(present: Recorded<T> | null, value: T, change: Change): string | null {
  if (present === null) return null;
  return isDeepStrictEqual([present.value, present.change], [value, change]) ? present.version : null;
}
