import type { Change, DeleteOutcome, Recorded, Written } from '../../contract/stored.ts';

/** Octets of a certificate; Azure's CA certificates have below 2,000. */
export const MAX_CERTIFICATE = 16 * 1024;

/** A CA may be one of several clouds', and is pinned for each of them by itself; what is distrusted is so everywhere. */
export type TrustKey =
  | { readonly kind: 'pin'; readonly cloud: string; readonly sha256: string }
  | { readonly kind: 'distrust'; readonly sha256: string };

/** What operators say of certificates. Digests are SHA-256 in lower-case hexadecimal. */
export type TrustEntry =
  | {
      readonly kind: 'pin';
      readonly sha256: string;
      readonly cloud: string;
      readonly role: 'root' | 'intermediate';
      /** The certificate itself. */
      readonly der: Uint8Array;
      readonly note: string;
    }
  | {
      readonly kind: 'distrust';
      /** Of a leaf or a CA. */
      readonly sha256: string;
      readonly note: string;
    };

/** Pins and distrusts of operators. `version: null` inserts, or deletes whatever is there. */
export interface TrustStore {
  /** @throws {StoreUnavailableError} as every method here */
  listTrust(): Promise<readonly Recorded<TrustEntry>[]>;
  readTrust(key: TrustKey): Promise<Recorded<TrustEntry> | null>;
  writeTrust(entry: TrustEntry, version: string | null, change: Change): Promise<Written>;
  deleteTrust(key: TrustKey, version: string | null): Promise<DeleteOutcome>;
}
