import type { BackupLine, RecordKind } from './records.ts';

/** What was read last, as the store names it. Opaque to everybody else. */
export type ReadPlace = readonly string[] | null;

export interface KeptLine {
  readonly line: BackupLine;
  /** Where reading goes on after it. */
  readonly place: ReadPlace;
}

export interface KeptLines {
  readonly lines: readonly KeptLine[];
  /** Where reading goes on; `'end'`: nothing of this kind is left. */
  readonly next: ReadPlace | 'end';
}

/** The kinds that are rows of the store; public signing keys are none. */
export type StoredKind = Exclude<RecordKind, 'key'>;

/** What a backup reads. Every method throws {@link StoreUnavailableError}, also for one row that cannot be read. */
export interface BackupSource {
  /** Some objects of a kind in the order of their keys, by a call or two; there may be none though there are more. */
  readKept(kind: StoredKind, after: ReadPlace): Promise<KeptLines>;
}
