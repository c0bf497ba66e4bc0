import type { NonceStyle } from './wire.ts';

/** RFC 4648 section 6, in lower case: IMDS hands `[a-z0-9]` back unchanged. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const NONCE_LENGTH = 32;
const DIGITS = 10;

/**
 * What the SHA-256 is computed over of which the nonce of a request by file is made, in base32: no challenge can be asked
 * for, so it names the key that the licence will be bound to.
 *
 * @param jkt the key's RFC 7638 thumbprint
 */
export function offlineNonceInput(jkt: string): string {
  return `countersign-offline${jkt}`;
}

/**
 * The nonce that belongs to a challenge. Service and client both compute it, so a client never trusts the one it receives.
 *
 * @param digest SHA-256 over the challenge's signing input (`header.payload`): 32 octets. Not over the whole token, whose
 * text is malleable.
 * @returns 32 characters of lower-case base32, or ten decimal digits: the first eight octets, big-endian, modulo 10^10.
 */
export function nonceFromDigest(digest: Uint8Array, style: NonceStyle): string {
  return style === 'digits' ? tenDigits(digest) : base32(digest).slice(0, NONCE_LENGTH);
}

function tenDigits(digest: Uint8Array): string {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  const value = view.getBigUint64(0) % 10n ** BigInt(DIGITS);
  return value.toString().padStart(DIGITS, '0');
}

function base32(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32.charAt((held >> bits) & 31);
    }
  }
  return text;
}
