import type { Stored, Written } from '../contract/stored.ts';
import type { BackupLine, BackupRecord, RecordKind } from './records.ts';

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
  /** Some objects of a kind in the order of their keys, by a few calls; there may be none though there are more. */
  readKept(kind: StoredKind, after: ReadPlace): Promise<KeptLines>;
}

/** What became of one object of a backup, or would become of it. `kept`: what the store has is as new, or says more. */
export interface Restored {
  readonly outcome: 'created' | 'replaced' | 'kept';
  /** What the store had; null where there was nothing, or for a sum of hours. */
  readonly old: BackupRecord | null;
  /** What of the object counts: less than all of it where somebody has removed the rest since the backup. */
  readonly left: StoredRecord;
}

export interface RestoreRules {
  /** Milliseconds since the epoch: hours that the store has of earlier days are not added to. */
  readonly restoredAt: number;
  readonly isTrial: boolean;
  /**
   * What of an object nobody has removed since the backup; null: nothing. It is asked where a row would be written, and after
   * that row was read: whoever removes something writes that down first.
   */
  readonly leave: (record: StoredRecord) => Promise<StoredRecord | null>;
}

/** What a restore writes. Every method throws {@link StoreUnavailableError}. */
export interface RestoreTarget {
  /**
   * Restores one object, or tells what restoring it would do. It can be done again with the same effect. What the store has is
   * never taken away by it: a distrust, a block, a change of key, a use of a code, the beginning of a trial.
   */
  restoreOne(record: StoredRecord, rules: RestoreRules): Promise<Restored>;
  /** Whoever writes an offer by what was read before has to read again. */
  touchOffers(): Promise<void>;
}

export type StoredRecord = Extract<BackupRecord, { readonly kind: StoredKind }>;

/** A backup that is being restored: what was said before its parts came. Times are milliseconds since the epoch. */
export interface StagedBackup {
  /** By the digest over its parts: another content is another one. */
  readonly name: string;
  /** The id and the time of the backup. */
  readonly backup: string;
  readonly asOf: number;
  readonly digests: readonly string[];
  /** The thumbprint of the key that signed it; null: it is restored unsigned. */
  readonly signedBy: string | null;
  /** The root key of the key set that the operator named; null: that key is one that the service serves, or unsigned. */
  readonly root: string | null;
  /** Of the pins, those that may be restored, by their SHA-256; null: all. */
  readonly pins: readonly string[] | null;
  readonly begunAt: number;
  /** Of this restore: whoever restores the same backup once more gets another one. */
  readonly run: string;
  /** Whether the mark of this run was written. */
  readonly isMarked: boolean;
  /** How many parts were restored. */
  readonly applied: number;
}

/** What is known of a part that has come, beside its text. */
export interface StagedPart {
  readonly index: number;
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  readonly first: RecordKind | null;
  readonly last: RecordKind | null;
  /** The time of the newest change that it records, in milliseconds since the epoch; 0: it records none. */
  readonly newest: number;
}

/** Where parts wait until all are there. Every method throws {@link StoreUnavailableError}. */
export interface StagingStore {
  readStaged(name: string): Promise<Stored<StagedBackup> | null>;
  writeStaged(staged: StagedBackup, version: string | null): Promise<Written>;
  putStagedPart(name: string, part: StagedPart, text: string): Promise<void>;
  listStagedParts(name: string): Promise<readonly StagedPart[]>;
  readStagedText(name: string, index: number): Promise<string | null>;
  /** Deletes what came before `before`, in pieces: each is the number of rows deleted. */
  deleteStaged(before: number): AsyncIterable<number>;
}
