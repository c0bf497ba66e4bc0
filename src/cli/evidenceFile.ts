import type { Io } from './command.ts';
import { decodeText, nameOf, readStart } from './files.ts';

/** More than any document that could be accepted; the rest of the file is not read. */
const MAX_OCTETS = 1024 * 1024;

const SEQUENCE = 0x30;

/**
 * Reads a document in any of its three forms, told apart by content: the JSON answer of IMDS, its base64 signature, or DER.
 *
 * @param file a path, or `-` for standard input
 */
export async function readEvidence(file: string, io: Io): Promise<Uint8Array | string> {
  const { octets } = await readStart(io, file, MAX_OCTETS);
  return recogniseEvidence(octets, nameOf(file));
}

/** Anything else is handed on as text, for the verifier to refuse. */
function recogniseEvidence(octets: Buffer, name: string): Uint8Array | string {
  // No base64 text has a length octet of DER's long form as its second character.
  if (octets[0] === SEQUENCE && (octets[1] ?? 0) >= 0x80) return octets;
  const text = decodeEvidence(octets, name).trim();
  return (text.startsWith('{') ? readSignature(text) : null) ?? text.replace(/\s+/g, '');
}

function decodeEvidence(octets: Buffer, name: string): string {
  try {
    return decodeText(octets, name);
  } catch {
    return octets.toString('latin1');
  }
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
