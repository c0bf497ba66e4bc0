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
