import type * as pkijs from 'pkijs';
import { beforeAll, expect, test } from 'vitest';
import type { Check } from '../../src/contract/attestation.ts';
import { rewriteElement } from '../../src/emulator/documents/der.ts';
import * as changes from '../../src/emulator/documents/documentChanges.ts';
import { parseSignedDocument } from '../../src/verifier/cms/signedData.ts';
import type { SignedDocument } from '../../src/verifier/cms/signedData.ts';
import { findReadingDifference } from '../../src/verifier/secondReading.ts';
import type { Certificate } from '../../src/verifier/x509/certificate.ts';
import { expectedDocuments, hasShared, readSharedText } from '../support/shared.ts';
import { AT_PATH, contentsChanged, tagged } from '../../src/emulator/vectors/derChanges.ts';
import { READING } from '../../src/emulator/vectors/content.ts';
import { read } from '../../src/emulator/vectors/scene.ts';
import { createScene, createTrust, judge } from './scene.ts';
import type { Scene } from '../../src/emulator/vectors/scene.ts';

/** The second reader is given one thing and what the first one is said to have read of another. */

let scene: Scene;
let document: SignedDocument;
let certificate: Certificate;

beforeAll(async () => {
  scene = await createScene();
  document = parseSignedDocument(scene.genuine);
  certificate = read(scene.leaf);
});

interface Pair {
  readonly octets?: Uint8Array;
  readonly document?: Partial<SignedDocument>;
  readonly certificate?: Partial<Certificate>;
}

/** Null where both read the same; else what an operator is told. */
function difference(pair: Pair): string | null {
  const { octets = scene.genuine } = pair;
  return findReadingDifference(octets, { ...document, ...pair.document }, { ...certificate, ...pair.certificate });
}

const other = (octets: Uint8Array): Uint8Array => octets.with(0, (octets[0] ?? 0) ^ 1);

test('the same octets are read the same', () => {
  expect(difference({})).toBeNull();
});

test.skipIf(!hasShared)('every genuine document is read the same', () => {
  for (const { file, expect: verdict } of expectedDocuments()) {
    if (verdict !== 'accept') continue;
    const octets = Buffer.from(readSharedText('attested-documents', file).trim(), 'base64');
    const own = parseSignedDocument(octets);
    const leaf = read({ der: new Uint8Array(own.certificates[0] ?? []) });
    expect(findReadingDifference(octets, own, leaf), file).toBeNull();
  }
});

test.each([
  ['content', 'content'],
  ['signerIssuer', 'issuer of the signer'],
  ['signerSerial', 'serial number of the signer'],
  ['signature', 'signature'],
] as const)('a difference in the document’s %s', (part, detail) => {
  expect(difference({ document: { [part]: other(document[part]) } })).toBe(detail);
  expect(difference({ document: { [part]: document[part].subarray(1) } })).toBe(detail);
});

test.each([
  ['der', 'certificate'],
  ['spki', 'public key'],
  ['serial', 'serial number'],
  ['issuer', 'issuer'],
] as const)('a difference in the certificate’s %s', (part, detail) => {
  expect(difference({ certificate: { [part]: other(certificate[part]) } })).toBe(detail);
});

test.each(['notBefore', 'notAfter'] as const)('a difference in %s', (part) => {
  expect(difference({ certificate: { [part]: certificate[part] + 1000 } })).toBe(part);
});

test('a difference in the names: fewer, more, others, in another order, of another type', () => {
  const { subjectAltName, ...extensions } = certificate.extensions;
  const names = subjectAltName?.names ?? [];
  expect(names).toHaveLength(2);
  const changed = [
    names.slice(1),
    [...names, ...names],
    names.toReversed(),
    names.map(() => ({ type: 'dns', text: 'metadata.azure.com' }) as const),
    names.map(() => ({ type: 'email', text: 'metadata.azure.com' }) as const),
  ];
  for (const list of changed) {
    const subject = { critical: false, names: list };
    expect(difference({ certificate: { extensions: { ...extensions, subjectAltName: subject } } })).toBe('names');
  }
  expect(difference({ certificate: { extensions } })).toBe('names');
});

const withoutExtensions = (each: pkijs.Certificate): void => {
  delete each.extensions;
};

test('a leaf in which the second reader finds no names', async () => {
  const { authority } = scene;
  const leaf = await authority.issueLeaf({ names: undefined });
  const octets = scene.make({ leaf });
  const { extensions } = certificate;
  expect(
    difference({ octets, document: parseSignedDocument(octets), certificate: { ...read(leaf), extensions } }),
  ).toBe('names');
  // As without any extension.
  const bare = await authority.issueLeaf({ change: withoutExtensions });
  const bareOctets = scene.make({ leaf: bare });
  const pair = { octets: bareOctets, document: parseSignedDocument(bareOctets) };
  expect(difference({ ...pair, certificate: { ...read(bare), extensions } })).toBe('names');
});

test('another number of signers, or one that is named otherwise', () => {
  expect(difference({ octets: scene.make({ change: changes.removeSigners }) })).toBe('number of signers');
  expect(difference({ octets: scene.make({ change: changes.repeatSigner }) })).toBe('number of signers');
  const byKey = changes.nameSignerByKey(new Uint8Array(20));
  expect(difference({ octets: scene.make({ change: byKey }) })).toBe('signer identifier');
});

test('content that the second reader does not find', () => {
  expect(difference({ octets: scene.make({ change: changes.removeContent }) })).toBe('content');
  expect(difference({ octets: rewriteElement(scene.genuine, AT_PATH.content, tagged(0x0c)) })).not.toBeNull();
});

test('what the second reader cannot read at all', () => {
  const unreadable = 'the second reader could not read the document';
  const { genuine, leaf, twin } = scene;
  const octets = [
    Buffer.from(''),
    genuine.subarray(0, -1),
    Buffer.concat([genuine, Uint8Array.of(0)]),
    Buffer.from('3003020100', 'hex'),
    scene.make({ change: changes.removeCertificates }),
    scene.make({ certificates: [leaf, twin] }),
    rewriteElement(
      genuine,
      AT_PATH.certificate,
      contentsChanged(() => new Uint8Array()),
    ),
    rewriteElement(genuine, AT_PATH.certificate, tagged(0xa2)),
  ];
  expect(octets.map((each) => difference({ octets: each }))).toEqual(octets.map(() => unreadable));
});

test('a leaf that is read differently is refused, told as an alarm, and never known', async () => {
  const trust = createTrust(scene);
  for (const { offer } of READING) {
    const { checks } = judge(scene, await offer(scene), trust);
    const failed = checks.find(({ outcome }) => outcome === 'failed');
    expect(failed).toEqual<Check>({
      ...{ name: 'reading', outcome: 'failed', detail: 'certificate' },
      facts: { code: 'readings_differ', difference: 'certificate' },
    });
  }
  expect(trust.verifiedLeaves.size).toBe(0);
});
