import { DerError, TAG, constructedContextTag, contextTag } from '../der.ts';
import type { DerReader } from '../der.ts';
import { parseName } from './name.ts';
import type { DistinguishedName } from './name.ts';

/** A GeneralName (RFC 5280 section 4.2.1.6). Of the types that nothing here needs only the tag is kept. */
export type GeneralName =
  | { readonly type: 'dns' | 'email' | 'uri'; readonly text: string }
  | { readonly type: 'ip'; readonly octets: Uint8Array }
  | { readonly type: 'directory'; readonly name: DistinguishedName }
  | { readonly type: 'other'; readonly tag: number };

/** @throws {DerError} also where a text is not IA5 (a NUL stays in it: the checks of names refuse that) */
export function readGeneralName(reader: DerReader): GeneralName {
  const tag = reader.nextTag;
  switch (tag) {
    case contextTag(1):
      return { type: 'email', text: readIa5(reader.readContent(tag)) };
    case contextTag(2):
      return { type: 'dns', text: readIa5(reader.readContent(tag)) };
    case contextTag(6):
      return { type: 'uri', text: readIa5(reader.readContent(tag)) };
    case contextTag(7):
      return { type: 'ip', octets: reader.readContent(tag) };
    case constructedContextTag(4): {
      const explicit = reader.enter(tag);
      const name = parseName(explicit.readElement(TAG.sequence));
      explicit.finish();
      return { type: 'directory', name };
    }
    case constructedContextTag(0):
    case constructedContextTag(3):
    case constructedContextTag(5):
    case contextTag(8):
      reader.readContent(tag);
      return { type: 'other', tag };
    default:
      throw new DerError('not a general name');
  }
}

function readIa5(octets: Uint8Array): string {
  if (octets.some((octet) => octet > 0x7f)) throw new DerError('a name is not IA5');
  return Buffer.from(octets).toString('latin1');
}
