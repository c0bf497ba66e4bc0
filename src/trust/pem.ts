import { decodeBase64 } from '../contract/base64.ts';
import { decodeText } from '../contract/decodeText.ts';

/** One `CERTIFICATE` block (RFC 7468 section 5): its DER, or null where its base64 is none or its end is missing. */
export type PemBlock = Uint8Array | null;

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** Every certificate block of a text, in order. Text between blocks, and blocks of other kinds, are passed over. */
export function readPemBlocks(text: string): readonly PemBlock[] {
  const [, ...parts] = text.split(BEGIN);
  return parts.map((part) => {
    const end = part.indexOf(END);
    const octets = end < 0 ? null : decodeBase64(part.slice(0, end).replace(/\s+/g, ''));
    return octets?.length === 0 ? null : octets;
  });
}

/** RFC 7468 section 2: lines of 64 characters. */
export function writePem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

/** DER begins with a SEQUENCE, and no text does with that octet and the length's high bit after it. */
const SEQUENCE = 0x30;

/** The certificates of a file in either form; nothing where it holds none. What is in them is not looked at. */
export function readCertificateOctets(file: Uint8Array): readonly Uint8Array[] {
  if (file[0] === SEQUENCE && (file[1] ?? 0) >= 0x80) return [file];
  // What stands between the blocks may be in any other encoding.
  const text = decodeText(file) ?? Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1');
  return readPemBlocks(text).filter((block) => block !== null);
}
