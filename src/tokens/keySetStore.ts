import type { Recorded, Written, Change } from '../contract/stored.ts';

/** A key set that a root key signed elsewhere, as an administrator uploaded it. There is at most one for each root. */
export interface UploadedKeySet {
  /** RFC 7638 thumbprint of the root. */
  readonly root: string;
  /** A compact JWS. Whoever reads it verifies it again. */
  readonly token: string;
  /** For each key of the set, by its thumbprint, when it came into the sets of this root: milliseconds since the epoch. */
  readonly since: Readonly<Record<string, number>>;
}

/** Uploaded key sets. `version: null` inserts. */
export interface KeySetStore {
  listKeySets(): Promise<readonly Recorded<UploadedKeySet>[]>;
  writeKeySet(set: UploadedKeySet, version: string | null, change: Change): Promise<Written>;
}
