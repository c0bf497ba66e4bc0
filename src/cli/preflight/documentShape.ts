import { decodeBase64 } from '../../contract/base64.ts';
import { parseSignedDocument } from '../../verifier/cms/signedData.ts';
import { DerReader, TAG, checkDer, formatOid } from '../../verifier/der.ts';
import { DOCUMENT_LIMITS } from '../../verifier/verifyEvidence.ts';
import { anonymise } from './anonymise.ts';
import { describeCertificate } from './certificateShape.ts';
import { isPublicOid } from './harmless.ts';
import type { StandIns } from './standIns.ts';

const CONSTRUCTED = 0x20;

/**
 * What a fixture says of a document: its elements with their lengths, the signing certificate's public parts, and the
 * content with stand-ins. No octets: the signature covers the ids, so no part that could be verified can be kept.
 */
export function describeShape(signature: string, standIns: StandIns): object {
  const der = decodeBase64(signature);
  if (der === null) return { characters: signature.length, unreadable: 'not canonical base64' };
  const elements = attempt(() => listElements(der));
  const document = attempt(() => parseSignedDocument(der));
  return {
    octets: der.length,
    ...(elements.value === null
      ? { unreadable: elements.fault }
      : { elements: elements.value, ...(document.value === null && { unsupported: document.fault }) }),
    ...(elements.value !== null &&
      document.value !== null && {
        certificates: document.value.certificates.map(
          (certificate) =>
            attempt(() => describeCertificate(certificate, standIns)).value ?? { octets: certificate.length },
        ),
        content: describeContent(document.value.content, standIns),
      }),
  };
}

/** The message of our own reader names rules and offsets, never octets. */
function attempt<Value>(read: () => Value): { readonly value: Value | null; readonly fault: string } {
  try {
    return { value: read(), fault: '' };
  } catch (error) {
    return { value: null, fault: error instanceof Error ? error.message : 'unreadable' };
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TAG).map(([name, tag]) => [tag, name]));

/** One line an element: its depth as blanks, its type, the octets of its content, and a public object identifier. */
function listElements(der: Uint8Array): readonly string[] {
  checkDer(der, DOCUMENT_LIMITS);
  const lines: string[] = [];
  walk(new DerReader(der), '', lines);
  return lines;
}

function walk(reader: DerReader, indent: string, lines: string[]): void {
  while (!reader.atEnd) {
    const tag = reader.nextTag;
    const name = NAMES.get(tag) ?? `[${tag & 0x1f}]`;
    const content = reader.readContent(tag);
    lines.push(`${indent}${name} ${content.length}${tag === TAG.oid ? ` ${describeOid(content)}` : ''}`);
    if ((tag & CONSTRUCTED) !== 0) walk(new DerReader(content), `${indent} `, lines);
  }
}

function describeOid(content: Uint8Array): string {
  const oid = formatOid(content);
  return isPublicOid(oid) ? oid : 'private';
}

/** Spaces and the order of members are as Azure writes them; JSON that cannot be read is told by its length alone. */
function describeContent(content: Uint8Array, standIns: StandIns): object {
  const text = Buffer.from(content).toString('utf8');
  const { value } = attempt(() => JSON.parse(text) as unknown);
  if (value === null) return { octets: content.length };
  return { octets: content.length, isCompact: JSON.stringify(value) === text, json: anonymise(value, standIns) };
}
