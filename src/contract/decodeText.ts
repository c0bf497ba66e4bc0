/** The encodings of text that editors and shells write: Windows PowerShell 5 and Notepad write UTF-16. */
export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * Tells the encoding of a text by its first two octets: by its byte order mark, else by the zero octet beside the first
 * character, which is an ASCII one in all that is read here.
 */
export function findEncoding([first, second]: Uint8Array): TextEncodingName {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

/** UTF-8 and UTF-16, with a byte order mark, which is taken away, or without one; null for anything else. */
export function decodeText(octets: Uint8Array): string | null {
  try {
    return new TextDecoder(findEncoding(octets), { fatal: true }).decode(octets);
  } catch {
    return null;
  }
}
