import type { PublicJwk } from '../contract/wire.ts';

/**
 * What signs licences and denials: ECDSA on P-256 with SHA-256 (ES256, RFC 7518 section 3.4). The private key may lie
 * elsewhere, so signing is asynchronous and may fail.
 */
export interface Signer {
  /** RFC 7638 thumbprint of {@link publicJwk}. */
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  /**
   * @param signingInput the octets of `header.payload`, not their digest
   * @returns r ‖ s, 32 octets each
   * @throws {SigningKeyUnavailableError} the key cannot be used now
   */
  sign(signingInput: Uint8Array): Promise<Uint8Array>;
}

/** The signing key cannot be reached or does not sign: `signing_key_unavailable`, and worth another try. */
export class SigningKeyUnavailableError extends Error {
  override readonly name = 'SigningKeyUnavailableError';
}
