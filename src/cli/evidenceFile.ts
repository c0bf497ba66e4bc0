import { decodeText } from '../contract/decodeText.ts';
import type { Io } from './command.ts';
import { parseJsonFile, readStart } from './files.ts';

/** More than any document that could be accepted; the rest of the file is not read. */
const MAX_OCTETS = 1024 * 1024;

const SEQUENCE = 0x30;

/**
 * Reads a document in any of its three forms, told apart by content: the JSON answer of IMDS, its base64 signature, or DER.
 *
 * @param file a path, or `-` for standard input
 * @throws {CommandError} `file_unreadable`, `file_malformed`
 */
export async function readEvidence(file: string, io: Io): Promise<Uint8Array | string> {
  const { octets } = await readStart(io, file, MAX_OCTETS);
  return recogniseEvidence(octets, file);
}

/**
 * Anything else is handed on as text, for the verifier to refuse.
 *
 * @throws {CommandError} `file_malformed`: JSON that has a key twice
 */
function recogniseEvidence(octets: Buffer, file: string): Uint8Array | string {
  // No base64 text has a length octet of DER's long form as its second character.
  if (octets[0] === SEQUENCE && (octets[1] ?? 0) >= 0x80) return octets;
  const text = (decodeText(octets) ?? octets.toString('latin1')).trim();
  return (text.startsWith('{') ? readSignature(text, file) : null) ?? text.replace(/\s+/g, '');
}

function readSignature(text: string, file: string): string | null {
  if (!isJson(text)) return null;
  const answer = parseJsonFile(text, file);
  if (typeof answer !== 'object' || answer === null || !('encoding' in answer) || !('signature' in answer)) return null;
  return answer.encoding === 'pkcs7' && typeof answer.signature === 'string' ? answer.signature : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
