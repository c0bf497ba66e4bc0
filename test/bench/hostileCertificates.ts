import { encodeElement, readChildren, readElement, rewriteElement, TAG } from '../../src/emulator/documents/der.ts';
import { contentsOf, filled, nested, OID_TAG, replaced } from './filling.ts';
import type { HostileDocuments } from './hostile.ts';
import type { EmulatedSubject } from './subject.ts';

/** Where things stand in the document: in the body of its certificate. */
const BODY = [1, 0, 3, 0, 0];
const SERIAL = [...BODY, 1];
const SUBJECT = [...BODY, 5];
const KEY = [...BODY, 6, 1];
const EXTENSIONS = [...BODY, 7, 0];

/** Object identifiers of extensions, in DER. */
const ID = {
  subjectAltName: '0603551d11',
  nameConstraints: '0603551d1e',
  certificatePolicies: '0603551d20',
  authorityKeyIdentifier: '0603551d23',
  extendedKeyUsage: '0603551d25',
  authorityInfoAccess: '06082b06010505070101',
  unknown: '06032a0304',
} as const;

/**
 * Hostile in the certificate, of which nothing is known yet. Issuer and serial number are still those that the SignerInfo
 * names, and the issuer is a pinned one: they go as far as a stranger's can.
 */
export function hostileCertificates({ octets }: EmulatedSubject): HostileDocuments {
  return {
    ...hostileExtensions(octets),
    ...hostileNames(octets),
    ...hostileNumbers(octets),
    'an unknown extension of 12 KB': withExtension(octets, 'unknown', (room) => new Uint8Array(room)),
    '280 unknown extensions': replaced(octets, EXTENSIONS, (extensions) =>
      encodeElement(TAG.sequence, contentsOf(extensions), ...manyExtensions(280)),
    ),
    'one extension 280 times': replaced(octets, EXTENSIONS, (extensions) =>
      encodeElement(TAG.sequence, contentsOf(extensions), filled(extension('subjectAltName', shortNames(8)), 4200)),
    ),
  };
}

function hostileExtensions(octets: Uint8Array): HostileDocuments {
  const purpose = encodeElement(OID_TAG, Uint8Array.of(42));
  const policy = encodeElement(TAG.sequence, purpose);
  return {
    '4,000 purposes': withExtension(octets, 'extendedKeyUsage', (room) => sequenceOf(purpose, room)),
    '2,400 policies': withExtension(octets, 'certificatePolicies', (room) => sequenceOf(policy, room)),
    'an issuer of 4,000 names': withExtension(octets, 'authorityKeyIdentifier', (room) =>
      encodeElement(TAG.sequence, encodeElement(0xa1, shortNames(room - 20)), encodeElement(0x82, Uint8Array.of(1))),
    ),
    '1,500 places to fetch from': withExtension(octets, 'authorityInfoAccess', (room) =>
      sequenceOf(encodeElement(TAG.sequence, purpose, encodeElement(0x86)), room),
    ),
    'an extension nested as deep as it goes': withExtension(octets, 'subjectAltName', (room) =>
      nested(TAG.sequence, room - 8),
    ),
    ...Object.fromEntries(
      Object.entries(subtreeBases()).map(([kind, base]) => [
        `a constraint of many ${kind}`,
        withExtension(octets, 'nameConstraints', (room) =>
          encodeElement(TAG.sequence, encodeElement(0xa0, filled(encodeElement(TAG.sequence, base), room - 20))),
        ),
      ]),
    ),
  };
}

/** General names, as short as they can be where many are to fit. */
function generalNames(): Readonly<Record<string, Uint8Array>> {
  return {
    'DNS names': encodeElement(0x82, Buffer.from('a')),
    'mail addresses': encodeElement(0x81, Buffer.from('a@b')),
    URIs: encodeElement(0x86, Buffer.from('a://b')),
    'IP addresses': encodeElement(0x87, Uint8Array.of(127, 0, 0, 1)),
    'directory names': encodeElement(0xa4, encodeElement(TAG.sequence, relativeName('a'))),
  };
}

function subtreeBases(): Readonly<Record<string, Uint8Array>> {
  return { ...generalNames(), URIs: encodeElement(0x86, Buffer.from('b')), 'IP addresses': ipNetwork() };
}

function ipNetwork(): Uint8Array {
  return encodeElement(0x87, Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0));
}

function hostileNames(octets: Uint8Array): HostileDocuments {
  const names = (content: (room: number) => Uint8Array) =>
    withExtension(octets, 'subjectAltName', (room) => encodeElement(TAG.sequence, content(room - 8)));
  const text = (tag: number, letters: (room: number) => string) =>
    names((room) => encodeElement(tag, Buffer.from(letters(room - 8))));
  const many = Object.entries(generalNames()).map(([kind, name]) => [
    `many ${kind}`,
    names((room) => filled(name, room)),
  ]);
  return {
    ...(Object.fromEntries(many) as HostileDocuments),
    'a DNS name of 12 KB': text(0x82, (room) => `${'a'.repeat(room - 20)}.metadata.azure.com`),
    'a DNS name of 6,000 labels': text(0x82, (room) => `${'a.'.repeat(room / 2 - 20)}metadata.azure.com`),
    'a DNS name of 12 KB of capitals': text(0x82, (room) => `${'A'.repeat(room - 20)}.metadata.azure.com`),
    'a mail address of 12 KB': text(0x81, (room) => `${'a.'.repeat(room / 2 - 4)}@b`),
    'a URI of 12 KB': text(0x86, (room) => `a://${'a@'.repeat(room / 2 - 4)}`),
    'a directory name of 1,000 parts': names((room) =>
      encodeElement(0xa4, encodeElement(TAG.sequence, filled(relativeName('a'), room - 16))),
    ),
    'a subject of 200 parts': rewriteElement(octets, SUBJECT, () =>
      encodeElement(TAG.sequence, filled(relativeName('a'), 200 * relativeName('a').length)),
    ),
    'a common name of 12 KB': replaced(octets, SUBJECT, (_, room) =>
      encodeElement(TAG.sequence, relativeName('ü'.repeat(room / 2 - 20))),
    ),
  };
}

function hostileNumbers(octets: Uint8Array): HostileDocuments {
  const modulus = (length: number, exponent: number) =>
    rewriteElement(octets, KEY, () =>
      encodeElement(
        0x03,
        Uint8Array.of(0),
        encodeElement(
          TAG.sequence,
          encodeElement(0x02, Uint8Array.of(0), new Uint8Array(length).fill(0xff)),
          encodeElement(0x02, new Uint8Array(exponent).fill(0x7f)),
        ),
      ),
    );
  return {
    'an RSA modulus of 12 KB': modulus(12_000, 3),
    'an RSA exponent of 12 KB': modulus(256, 12_000),
    'an RSA modulus of 8,192 bits': modulus(1024, 3),
    // Elements that are wider than long: the SignerInfo must name the same number.
    'a serial number of 6 KB in both places': [SERIAL, [1, 0, 4, 0, 1, 1]].reduce<Uint8Array>(
      (changed, path) => rewriteElement(changed, path, () => encodeElement(0x02, new Uint8Array(6000).fill(1))),
      octets,
    ),
    'an extension whose name has 12 KB': replaced(octets, [...EXTENSIONS, 0, 0], (_, room) =>
      encodeElement(OID_TAG, new Uint8Array(room).fill(1)),
    ),
  };
}

/** With this extension in the place of the one of its kind. */
function withExtension(
  octets: Uint8Array,
  name: keyof typeof ID,
  value: (room: number) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  return replaced(octets, EXTENSIONS, (extensions, room) => {
    const all = readChildren(extensions, readElement(extensions)).map(({ start, end }) =>
      extensions.subarray(start, end),
    );
    const others = Buffer.concat(
      all.filter((each) => !Buffer.from(contentsOf(each)).toString('hex').startsWith(ID[name])),
    );
    return encodeElement(TAG.sequence, others, extension(name, value(room - others.length - 40)));
  });
}

function extension(name: keyof typeof ID, value: Uint8Array): Uint8Array {
  return encodeElement(TAG.sequence, Buffer.from(ID[name], 'hex'), encodeElement(TAG.octetString, value));
}

function manyExtensions(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    encodeElement(
      TAG.sequence,
      encodeElement(OID_TAG, Uint8Array.of(42, 3, 1 + (index >> 6), index & 63)),
      encodeElement(TAG.octetString),
    ),
  );
}

function sequenceOf(element: Uint8Array, room: number): Uint8Array {
  return encodeElement(TAG.sequence, filled(element, room - 8));
}

function shortNames(room: number): Uint8Array {
  return filled(encodeElement(0x82), room);
}

/** One attribute, a common name. */
function relativeName(text: string): Uint8Array {
  const attribute = [encodeElement(OID_TAG, Uint8Array.of(0x55, 4, 3)), encodeElement(0x0c, Buffer.from(text))];
  return encodeElement(TAG.set, encodeElement(TAG.sequence, ...attribute));
}
