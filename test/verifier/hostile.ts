import { encodeElement, encodeLength, rewriteElement } from '../../src/emulator/documents/der.ts';
import { nestedSequences } from '../../src/emulator/documents/berForms.ts';
import { replaceContent } from '../../src/emulator/documents/documentChanges.ts';
import { AT_PATH, contentsChanged } from '../../src/emulator/vectors/derChanges.ts';
import type { Scene } from '../../src/emulator/vectors/scene.ts';

/**
 * Documents that are made to cost as much as 16 KiB can: depth, counts, sizes, names. All of them are built here, and all
 * of them are refused.
 */
export interface Hostile {
  readonly name: string;
  readonly octets: (scene: Scene) => Uint8Array | Promise<Uint8Array>;
}

const LIMIT = 16 * 1024;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OID = 0x06;
const NULL = encodeElement(0x05);
const repeat = (element: Uint8Array, count: number) => Array<Uint8Array>(count).fill(element);

/** As many elements as fit into the room that is left of 16 KiB. */
const filling = (element: Uint8Array, room: number) => repeat(element, Math.floor(room / element.length));

const SHAPES: readonly Hostile[] = [
  { name: 'sequences in one another', octets: () => nestedSequences(4000) },
  {
    name: 'context tags in one another',
    octets: () => nestedSequences(4000).map((octet) => (octet === SEQUENCE ? 0xa0 : octet)),
  },
  { name: 'as deep as is read, and as wide', octets: () => wrap(encodeElement(SEQUENCE, ...repeat(NULL, 1000)), 15) },
  { name: 'NULLs side by side', octets: () => encodeElement(SEQUENCE, ...filling(NULL, LIMIT - 4)) },
  {
    name: 'empty sequences side by side',
    octets: () => encodeElement(SEQUENCE, ...filling(encodeElement(SEQUENCE), LIMIT - 4)),
  },
  { name: 'one string', octets: () => encodeElement(0x04, new Uint8Array(LIMIT - 4)) },
  { name: 'one integer', octets: () => encodeElement(INTEGER, new Uint8Array(LIMIT - 4).fill(0x7f)) },
  { name: 'zeros', octets: () => new Uint8Array(LIMIT) },
  { name: 'ones', octets: () => new Uint8Array(LIMIT).fill(0xff) },
  { name: 'indefinite lengths', octets: () => Buffer.alloc(LIMIT, Uint8Array.of(SEQUENCE, 0x80)) },
  { name: 'lengths of lengths', octets: () => Buffer.alloc(LIMIT, Uint8Array.of(SEQUENCE, 0xff)) },
  { name: 'long tags', octets: () => Buffer.alloc(LIMIT, Uint8Array.of(0x1f, 0x81)) },
  {
    name: 'a length of four octets',
    octets: () => Buffer.concat([Uint8Array.of(SEQUENCE), encodeLength(LIMIT - 6, 4), new Uint8Array(LIMIT - 6)]),
  },
];

function wrap(element: Uint8Array, levels: number): Uint8Array {
  let wrapped = element;
  for (let level = 0; level < levels; level++) wrapped = encodeElement(SEQUENCE, wrapped);
  return wrapped;
}

/** Room for what takes a part's place in a genuine document of about 2 KB. */
const ROOM = 14_000;

const inPlace =
  (place: keyof typeof AT_PATH, element: Uint8Array) =>
  ({ genuine }: Scene) =>
    rewriteElement(genuine, AT_PATH[place], () => element);

const PARTS: readonly Hostile[] = [
  {
    name: 'an OID of one arc',
    octets: inPlace('contentInfoType', encodeElement(OID, Buffer.alloc(ROOM, 0xff), Uint8Array.of(1))),
  },
  { name: 'an OID of many arcs', octets: inPlace('contentInfoType', encodeElement(OID, new Uint8Array(ROOM).fill(1))) },
  {
    name: 'an algorithm of many arcs',
    octets: inPlace('signatureAlgorithm', encodeElement(SEQUENCE, encodeElement(OID, new Uint8Array(ROOM).fill(1)))),
  },
  { name: 'a version of 14 KB', octets: inPlace('version', encodeElement(INTEGER, new Uint8Array(ROOM).fill(1))) },
  { name: 'a signature of 14 KB', octets: inPlace('signature', encodeElement(0x04, new Uint8Array(ROOM))) },
  {
    name: 'many certificates',
    octets: inPlace('certificates', encodeElement(0xa0, ...repeat(encodeElement(SEQUENCE), 900))),
  },
  {
    name: 'many signers',
    octets: inPlace('signerInfos', encodeElement(0x31, ...repeat(encodeElement(SEQUENCE), 900))),
  },
  {
    name: 'many digest algorithms',
    octets: inPlace('digestAlgorithms', encodeElement(0x31, ...repeat(encodeElement(SEQUENCE), 900))),
  },
  {
    name: 'an issuer of many parts',
    octets: inPlace('signerIssuer', encodeElement(SEQUENCE, ...repeat(encodeElement(0x31), 800))),
  },
  { name: 'content of 14 KB', octets: ({ make }) => make({ change: replaceContent(new Uint8Array(ROOM)) }) },
];

const dnsName = (text: string) => encodeElement(0x82, Buffer.from(text));
const extension = (oid: string, value: Uint8Array<ArrayBuffer>) => ({ oid, critical: false, value });
const SUBJECT_ALT_NAME = '2.5.29.17';

/** Certificates that nobody signed who is trusted: they are read before that is known. */
const CERTIFICATES: readonly Hostile[] = [
  {
    name: 'a certificate of many names',
    octets: withExtension(
      SUBJECT_ALT_NAME,
      encodeElement(SEQUENCE, ...filling(dnsName('a.metadata.azure.com'), 12_000)),
    ),
  },
  {
    name: 'a certificate of one long name',
    octets: withExtension(SUBJECT_ALT_NAME, encodeElement(SEQUENCE, dnsName(`${'a.'.repeat(6000)}metadata.azure.com`))),
  },
  {
    name: 'a certificate of one long label',
    octets: withExtension(
      SUBJECT_ALT_NAME,
      encodeElement(SEQUENCE, dnsName(`${'a'.repeat(12_000)}.metadata.azure.com`)),
    ),
  },
  {
    name: 'a certificate of many purposes',
    octets: withExtension(
      '2.5.29.37',
      encodeElement(SEQUENCE, ...filling(encodeElement(OID, Uint8Array.of(0x2a, 3)), 12_000)),
    ),
  },
  { name: 'a certificate of deep extensions', octets: withExtension('2.5.29.19', nestedSequences(3000)) },
  {
    name: 'a certificate of many extensions',
    octets: async ({ stranger, make }) => {
      const moreExtensions = Array.from({ length: 150 }, (_, index) => extension(`1.2.3.${index}`, NULL));
      return make({ leaf: await stranger.issueLeaf({ moreExtensions }) });
    },
  },
  {
    name: 'a certificate of a long subject',
    octets: async ({ stranger, make }) => {
      const subject = Array.from({ length: 150 }, () => ({ CN: ['a'.repeat(20)] }));
      return make({ leaf: await stranger.issueLeaf({ subject }) });
    },
  },
  {
    name: 'a certificate of a modulus of 8 KB',
    octets: (scene) => {
      const modulus = encodeElement(INTEGER, Uint8Array.of(1), new Uint8Array(8000).fill(0xff));
      return withPublicKey(scene, encodeElement(SEQUENCE, modulus, encodeElement(INTEGER, Uint8Array.of(1, 0, 1))));
    },
  },
  {
    name: 'a certificate of an exponent of 8 KB',
    octets: (scene) => {
      const modulus = encodeElement(INTEGER, Uint8Array.of(1), new Uint8Array(256).fill(0xff));
      return withPublicKey(
        scene,
        encodeElement(SEQUENCE, modulus, encodeElement(INTEGER, new Uint8Array(8000).fill(0x7f))),
      );
    },
  },
];

function withExtension(oid: string, value: Uint8Array<ArrayBuffer>): Hostile['octets'] {
  return async ({ stranger, make }) => {
    const usual =
      oid === SUBJECT_ALT_NAME
        ? { names: undefined }
        : oid === '2.5.29.37'
          ? { extendedKeyUsage: undefined }
          : { basicConstraints: undefined };
    return make({ leaf: await stranger.issueLeaf({ ...usual, moreExtensions: [extension(oid, value)] }) });
  };
}

/** In the genuine leaf's SubjectPublicKeyInfo, so that its issuer's name is one that is known. */
function withPublicKey({ genuine }: Scene, key: Uint8Array): Uint8Array {
  const bits = [...AT_PATH.certificate, 0, 6, 1];
  return rewriteElement(
    genuine,
    bits,
    contentsChanged(() => Buffer.concat([Uint8Array.of(0), key])),
  );
}

const ROOM_FOR_JSON = 13_000;

/** Rightly signed, as if the CA's own key holder were hostile: what the JSON reader has to stand. */
const CONTENTS: readonly Hostile[] = [
  ['lists in one another', '['.repeat(ROOM_FOR_JSON)],
  ['objects in one another', '{"a":'.repeat(ROOM_FOR_JSON / 5)],
  ['a list of numbers', `[${'1,'.repeat(ROOM_FOR_JSON / 2)}1]`],
  ['a number of many digits', '9'.repeat(ROOM_FOR_JSON)],
  ['a number of a large exponent', `[1e${'9'.repeat(ROOM_FOR_JSON)}]`],
  ['a string of escapes', `"${'\\u0061'.repeat(ROOM_FOR_JSON / 6)}`],
  ['a string of backslashes', `"${'\\'.repeat(ROOM_FOR_JSON)}`],
  ['a string that does not end', `"${'a'.repeat(ROOM_FOR_JSON)}`],
  ['white space', ' '.repeat(ROOM_FOR_JSON)],
  ['many keys', `{${Array.from({ length: 1500 }, (_, index) => `"k${index}":0`).join()},"k0":0}`],
].map(([name = '', content = '']) => ({ name: `content: ${name}`, octets: ({ make }: Scene) => make({ content }) }));

export const HOSTILE: readonly Hostile[] = [...SHAPES, ...PARTS, ...CERTIFICATES, ...CONTENTS];
