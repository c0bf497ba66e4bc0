/** Base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(octets: Uint8Array | string): string {
  return Buffer.from(octets).toString('base64url');
}

/**
 * Decodes canonical base64url: no padding, no white space, no `+` or `/`, no trailing bits. `Buffer.from` skips what it
 * does not know, so its result counts only when it encodes to the same text again. One text for one value is what keeps
 * a token from being respelled.
 *
 * @returns the octets, or null where the text is not canonical
 */
export function decodeBase64Url(text: string): Buffer | null {
  const octets = Buffer.from(text, 'base64url');
  return octets.toString('base64url') === text ? octets : null;
}
