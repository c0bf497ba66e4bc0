/**
 * Reads a body whole, and stops reading where it turns out to be longer than the bound. Leaving the loop cancels the rest.
 *
 * @param limit octets
 * @returns null where the body is longer
 */
export async function readBounded(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
