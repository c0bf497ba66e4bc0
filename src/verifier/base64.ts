/** The longest base64 text of so many octets. */
export function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

/**
 * Decodes canonical base64 (RFC 4648 section 4): padded, no white space, no trailing bits. `Buffer.from` skips what it does
 * not know, so its result counts only when it encodes to the same text again.
 *
 * @returns the octets, or null where the text is not canonical
 */
export function decodeBase64(text: string): Uint8Array | null {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : null;
}
