import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Io } from './command.ts';

/** More than any document that could be accepted; what lies beyond is not read. */
const MAXIMUM_OCTETS = 1024 * 1024;

const SEQUENCE = 0x30;

/**
 * Reads a document in any of its three forms, told apart by content: the JSON answer of IMDS, its base64 signature, or DER.
 *
 * @param file a path, or `-` for standard input
 */
export async function readEvidence(file: string, io: Io): Promise<Uint8Array | string> {
  const source = file === '-' ? io.readStdin() : createReadStream(resolve(io.directory, file));
  return recogniseEvidence(await readBounded(source));
}

async function readBounded(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAXIMUM_OCTETS) break;
  }
  return Buffer.concat(chunks);
}

/** What is none of the three is handed on as text, for the verifier to refuse. */
export function recogniseEvidence(octets: Buffer): Uint8Array | string {
  // No base64 text has a length octet of DER's long form as its second character.
  if (octets[0] === SEQUENCE && (octets[1] ?? 0) >= 0x80) return octets;
  const text = octets
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trim();
  return (text.startsWith('{') ? readSignature(text) : null) ?? text.replace(/\s+/g, '');
}

function readSignature(text: string): string | null {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || !('encoding' in answer) || !('signature' in answer))
      return null;
    return answer.encoding === 'pkcs7' && typeof answer.signature === 'string' ? answer.signature : null;
  } catch {
    return null;
  }
}
