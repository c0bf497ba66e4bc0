import { DerReader } from '../../../src/verifier/der.ts';

/** Writes DER by hand, also DER that no library would write. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets = length.toString(16).length > 4 ? 3 : length > 0xff ? 2 : 1;
  return [0x80 | octets, ...[16, 8, 0].slice(3 - octets).map((shift) => (length >> shift) & 0xff)];
}

export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => tlv(0x31, ...contents);
export const integer = (digits: string): Buffer => tlv(0x02, hex(digits));
export const octetString = (...contents: readonly Uint8Array[]): Buffer => tlv(0x04, ...contents);
export const bitString = (...contents: readonly Uint8Array[]): Buffer => tlv(0x03, hex('00'), ...contents);
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
export const printable = (text: string): Buffer => tlv(0x13, Buffer.from(text));
export const NULL = hex('05 00');
export const TRUE = hex('01 01 ff');
export const FALSE = hex('01 01 00');

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  return tlv(0x06, ...[first * 40 + second, ...arcs].map(base128));
}

function base128(arc: number): Buffer {
  const septets = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) septets.unshift((rest & 0x7f) | 0x80);
  return Buffer.from(septets);
}

/** A Name: one relative name for each attribute. */
export function name(...attributes: readonly (readonly [type: string, value: Uint8Array])[]): Buffer {
  return sequence(...attributes.map(([type, value]) => set(sequence(oid(type), value))));
}

export const CN = '2.5.4.3';
export const commonName = (text: string): Buffer => name([CN, utf8(text)]);

/** GeneralNames by their tags (RFC 5280 section 4.2.1.6). */
export const dnsName = (text: string): Buffer => tlv(0x82, Buffer.from(text, 'latin1'));
export const emailName = (text: string): Buffer => tlv(0x81, Buffer.from(text, 'latin1'));
export const uriName = (text: string): Buffer => tlv(0x86, Buffer.from(text, 'latin1'));
export const ipName = (digits: string): Buffer => tlv(0x87, hex(digits));
export const directoryName = (content: Uint8Array): Buffer => tlv(0xa4, content);

export const readerOf = (octets: Uint8Array): DerReader => new DerReader(octets);
