import { encodeElement, rewriteElement, TAG } from '../../src/emulator/documents/der.ts';
import { createDocumentTemplate } from '../../src/emulator/documents/documentTemplate.ts';
import { filled, nested, NULL, OID_TAG, replaced } from './filling.ts';
import type { HostileDocuments } from './hostile.ts';
import type { EmulatedSubject } from './subject.ts';

/** Hostile in the message itself, or in its content; the certificate is the genuine one, which is in the cache. */
export function hostileMessages({ octets, leaf, content }: EmulatedSubject): HostileDocuments {
  const sign = createDocumentTemplate(leaf);
  const emptySequence = encodeElement(TAG.sequence);
  const wholeText = (text: (room: number) => string) => sign(Buffer.from(text(12_000)));
  return {
    'nested as deep as 16 KiB go': nested(TAG.sequence, 16_000),
    '8,000 elements': encodeElement(TAG.sequence, filled(NULL, 16_000)),
    'integers of one octet': encodeElement(TAG.sequence, filled(Uint8Array.of(2, 1, 5), 16_000)),
    '500 signers': replaced(octets, [1, 0, 4], () => encodeElement(TAG.set, filled(emptySequence, 1000))),
    'as many whole signers as fit': replaced(octets, [1, 0, 4, 0], (signer, room) => filled(signer, room)),
    '500 certificates': replaced(octets, [1, 0, 3], () => encodeElement(TAG.context0, filled(emptySequence, 1000))),
    'the leaf as often as it fits': replaced(octets, [1, 0, 3, 0], (leafAgain, room) => filled(leafAgain, room)),
    'a version of 12 KB': replaced(octets, [1, 0, 0], (_, room) => encodeElement(0x02, new Uint8Array(room).fill(1))),
    'a digest algorithm of 12 KB': replaced(octets, [1, 0, 1, 0, 0], (_, room) =>
      encodeElement(OID_TAG, new Uint8Array(room).fill(1)),
    ),
    'a serial number of 12 KB': replaced(octets, [1, 0, 4, 0, 1, 1], (_, room) =>
      encodeElement(0x02, new Uint8Array(room).fill(1)),
    ),
    'a signature of 12 KB': replaced(octets, [1, 0, 4, 0, 4], (_, room) =>
      encodeElement(TAG.octetString, new Uint8Array(room).fill(1)),
    ),
    'another content of 12 KB': rewriteElement(octets, [1, 0, 2, 1, 0], () =>
      encodeElement(TAG.octetString, new Uint8Array(12_000).fill(0x20)),
    ),
    // Nobody but Azure could make these.
    'signed: arrays in arrays': wholeText((room) => '['.repeat(room)),
    'signed: an array of 6,000': wholeText((room) => `{"a":[${'0,'.repeat(room / 2 - 6)}0]}`),
    'signed: 1,000 keys': wholeText(() => writeObject(1000)),
    'signed: escapes': wholeText((room) => `{"vmId":"${'\\u0041'.repeat(room / 6 - 3)}"}`),
    'signed: white space': wholeText((room) => Buffer.from(content).toString().padEnd(room).replace('{', '[')),
  };
}

function writeObject(members: number): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, index) => [`k${index}`, ''])));
}
