import type { Recorded, Change, Written } from '../contract/stored.ts';
import type { Offer } from './offer.ts';

/**
 * What a restore leaves in the store, beside the offers: whoever decides by what was restored knows that it was. Times are
 * milliseconds since the epoch.
 */
export interface RestoreMark {
  /** Of the restore. */
  readonly name: string;
  /** Which backup, and of what time it is. */
  readonly backup: string;
  readonly asOf: number;
  readonly restoredAt: number;
  /** Until then an instance may decide by offers of before, which it read without this mark: nothing is restored. */
  readonly appliesFrom: number;
  /** From then on no licence of before the restore counts any more, and seats are exact again. */
  readonly seatsExactFrom: number;
  /** When everything was restored; null: it is still going on, or was cut short. */
  readonly finishedAt: number | null;
  /** When an operator looked at what was restored and found it right. */
  readonly confirmedAt: number | null;
}

/** Every method throws {@link StoreUnavailableError}. */
export interface RestoreMarkStore {
  readRestoreMark(): Promise<Recorded<RestoreMark> | null>;
  writeRestoreMark(mark: RestoreMark, version: string | null, change: Change): Promise<Written>;
}

/** What decisions rest on: both are read at once, so that no offer that was restored is known without the mark. */
export interface Shelf {
  readonly offers: readonly Offer[];
  readonly restored: RestoreMark | null;
}

export interface ShelfReader {
  /** @throws {StoreUnavailableError} */
  readShelf(): Promise<Shelf>;
}

/**
 * Whether a refusal may be signed. A backup may be older than the truth: until an operator confirms it, no
 * grace ends by it. Seats that were taken before the restore are not known to it, so that full seats wait longer.
 */
export function mayBeSigned(restored: RestoreMark | null, code: string, at: number): boolean {
  if (restored === null) return true;
  if (restored.confirmedAt === null) return false;
  return code !== 'seats_exhausted' || at >= restored.seatsExactFrom;
}
