import { DerReader, TAG, formatOid } from '../der.ts';

/** One AttributeTypeAndValue (RFC 5280 section 4.1.2.4). */
export interface NameAttribute {
  /** Dotted OID */
  readonly type: string;
  /** The value whole, in DER. */
  readonly value: Uint8Array;
}

/** A distinguished name: relative names in order, each a set of attributes. */
export type DistinguishedName = readonly (readonly NameAttribute[])[];

const COMMON_NAME = '2.5.4.3';

/**
 * Reads a Name.
 *
 * @param der the Name whole, with its own identifier and length
 * @throws {DerError} also where a relative name is empty
 */
export function parseName(der: Uint8Array): DistinguishedName {
  const outer = new DerReader(der);
  const sequence = outer.enter(TAG.sequence);
  outer.finish();
  const name: NameAttribute[][] = [];
  while (!sequence.atEnd) name.push(readRelativeName(sequence.enter(TAG.set)));
  return name;
}

function readRelativeName(set: DerReader): NameAttribute[] {
  const attributes: NameAttribute[] = [];
  do {
    const attribute = set.enter(TAG.sequence);
    const type = formatOid(attribute.readContent(TAG.oid));
    const value = attribute.readElement(attribute.nextTag);
    attribute.finish();
    attributes.push({ type, value });
  } while (!set.atEnd);
  return attributes;
}

/** The first common name as text for people: printable, at most 128 characters; null where there is none. */
export function readCommonName(name: DistinguishedName): string | null {
  const attribute = name.flat().find(({ type }) => type === COMMON_NAME);
  return attribute === undefined ? null : formatForPeople(readDirectoryString(attribute.value));
}

/** The text of a DirectoryString or IA5String; null for other types. Not validated beyond its type. */
export function readDirectoryString(value: Uint8Array): string | null {
  const reader = new DerReader(value);
  switch (reader.nextTag) {
    case TAG.utf8String:
      return Buffer.from(reader.readContent(TAG.utf8String)).toString('utf8');
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
      return Buffer.from(reader.readContent(reader.nextTag)).toString('latin1');
    case TAG.bmpString:
      return readBmp(reader.readContent(TAG.bmpString)).toString('utf16le');
    default:
      return null;
  }
}

/** Big-endian UTF-16; an odd number of octets loses its last one. */
function readBmp(content: Uint8Array): Buffer {
  return Buffer.from(content.subarray(0, content.length & ~1)).swap16();
}

/** A stranger chose this text: it goes to terminals and logs. */
function formatForPeople(text: string | null): string | null {
  return text === null ? null : text.replace(/[^\x20-\x7e]/g, '?').slice(0, 128);
}
