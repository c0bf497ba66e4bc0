import fc from '../../support/properties.ts';
import { beforeAll, expect, test } from 'vitest';
import { encodeElement, rewriteElement } from '../../../src/emulator/documents/der.ts';
import { removeCertificates } from '../../../src/emulator/documents/documentChanges.ts';
import { ProfileError, parseSignedDocument } from '../../../src/verifier/cms/signedData.ts';
import { checkDer } from '../../../src/verifier/der.ts';
import { AT_PATH, contentsOf, doubled, nothing, tagged } from '../../../src/emulator/vectors/derChanges.ts';
import type { Rewrite } from '../../../src/emulator/vectors/derChanges.ts';
import { PROFILE } from '../../../src/emulator/vectors/message.ts';
import { read } from '../../../src/emulator/vectors/scene.ts';
import { createScene } from '../scene.ts';
import type { Scene } from '../../../src/emulator/vectors/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await createScene();
});

function rule(octets: Uint8Array): string {
  try {
    parseSignedDocument(octets);
    return 'read';
  } catch (error) {
    return error instanceof ProfileError ? error.message : 'another error';
  }
}

test('a document is read into its parts, all of them views of its octets', () => {
  const { issuer, serial, der } = read(scene.leaf);
  const document = parseSignedDocument(scene.genuine);
  expect(Buffer.from(document.content).toString()).toBe(JSON.stringify(scene.content));
  expect(document.certificates.map((each) => Buffer.from(each))).toEqual([Buffer.from(der)]);
  expect(Buffer.from(document.signerIssuer)).toEqual(Buffer.from(issuer));
  expect(Buffer.from(document.signerSerial)).toEqual(Buffer.from(serial));
  expect(document.signature).toHaveLength(256);
  const { content, signerIssuer, signerSerial, signature, certificates } = document;
  for (const view of [content, signerIssuer, signerSerial, signature, ...certificates]) {
    expect(view.buffer).toBe(scene.genuine.buffer);
  }
});

test('nothing may stand behind the document, walked or not', () => {
  expect(rule(Buffer.concat([scene.genuine, Uint8Array.of(5, 0)]))).toMatch(/^not the structure of a SignedData/);
});

test('how many certificates there are is the next step’s business', () => {
  const two = scene.make({ certificates: [scene.leaf, scene.twin] });
  expect(parseSignedDocument(two).certificates).toHaveLength(2);
  expect(parseSignedDocument(scene.make({ change: removeCertificates })).certificates).toEqual([]);
});

const RULES: readonly (readonly [place: keyof typeof AT_PATH, change: Rewrite, message: RegExp])[] = [
  ['contentInfoType', (element) => element.with(-1, 3), /content type is not signedData/],
  ['version', (element) => element.with(-1, 3), /^SignedData is not version 1/],
  ['signerVersion', (element) => element.with(-1, 3), /^SignerInfo is not version 1/],
  ['digestAlgorithm', doubled, /more than one digest algorithm/],
  ['digestAlgorithm', nothing, /^not the structure of a SignedData/],
  ['contentType', (element) => element.with(-1, 2), /not id-data/],
  ['explicitOctets', nothing, /content is detached/],
  ['certificates', tagged(0xa1), /revocation data/],
  ['signerInfo', nothing, /no signer/],
  ['signerInfo', doubled, /more than one signer/],
  ['signerIdentifier', tagged(0x80), /not named by issuer and serial number/],
  ['signatureAlgorithm', (element) => Buffer.concat([encodeElement(0xa0), element]), /signed attributes/],
  ['signature', (element) => Buffer.concat([element, encodeElement(0xa1)]), /unsigned attributes/],
  ['signature', (element) => Buffer.concat([element, encodeElement(0x81)]), /unsigned attributes/],
  ['signature', (element) => Buffer.concat([element, encodeElement(0x05)]), /^not the structure of a SignedData/],
];

test.each(RULES)('%s changed: %#', (place, change, message) => {
  const octets = rewriteElement(scene.genuine, AT_PATH[place], change);
  expect(() => {
    checkDer(octets, { depth: 16, elements: 1024 });
  }).not.toThrow();
  expect(rule(octets)).toMatch(message);
});

test('every mutation of the profile is refused here, with a rule', async () => {
  for (const { name, offer } of PROFILE) {
    const { evidence } = await offer(scene);
    expect(rule(evidence as Uint8Array), name).toMatch(/^(?!read|another)/);
  }
});

test('the two digest algorithms may be absent of parameters independently', () => {
  const withoutNull: Rewrite = (element) => encodeElement(0x30, contentsOf(element).subarray(0, -2));
  for (const place of ['digestAlgorithm', 'signerDigestAlgorithm', 'signatureAlgorithm'] as const) {
    expect(rule(rewriteElement(scene.genuine, AT_PATH[place], withoutNull)), place).toBe('read');
  }
});

test('whatever the octets, and unwalked: nothing but its own error', () => {
  const place = fc.nat({ max: 2000 });
  const splices = fc.array(fc.tuple(place, place, fc.uint8Array({ maxLength: 8 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(splices, (changes) => {
      let octets: Uint8Array = scene.genuine;
      for (const [from, length, inserted] of changes) {
        octets = Buffer.concat([octets.subarray(0, from), inserted, octets.subarray(from + (length % 16))]);
      }
      expect(rule(octets)).not.toBe('another error');
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      expect(() => parseSignedDocument(octets)).toThrow(ProfileError);
    }),
  );
});
