/** Base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(octets: Uint8Array | string): string {
  return Buffer.from(octets).toString('base64url');
}

/**
 * Decodes canonical base64url: no padding, no white space, no `+` or `/`, no trailing bits. One text for one value is what
 * keeps a token from being respelled.
 *
 * @returns the octets, or null where the text is not canonical
 */
export function decodeBase64Url(text: string): Buffer | null {
  return decodeCanonical(text, 'base64url');
}

/**
 * Decodes canonical base64 (RFC 4648 section 4): padded, no white space, no trailing bits.
 *
 * @returns the octets, or null where the text is not canonical
 */
export function decodeBase64(text: string): Buffer | null {
  return decodeCanonical(text, 'base64');
}

/** `Buffer.from` skips what it does not know, so its result counts only when it encodes to the same text again. */
function decodeCanonical(text: string, encoding: 'base64' | 'base64url'): Buffer | null {
  const octets = Buffer.from(text, encoding);
  return octets.toString(encoding) === text ? octets : null;
}

/** The longest base64 text of so many octets. */
export function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}
