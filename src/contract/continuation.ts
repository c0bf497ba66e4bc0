/** A continuation of a list that is made of several: what its caller needs to find the place again, as opaque ASCII. */
export function encodeContinuation(place: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** What {@link encodeContinuation} wrote, to be checked item by item: it is the caller’s input. Empty when it is no list. */
export function decodeContinuation(continuation: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(continuation, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
