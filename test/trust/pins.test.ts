import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { findPinFault } from '../../src/trust/pin.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { parsePinManifest, PinManifestError } from './pinManifest.ts';
import { readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { hasShared, readSharedText, sharedPath } from '../support/shared.ts';
import { createPki } from './pki.ts';

const PINS = join(import.meta.dirname, '../../src/trust/pins');

type Json = Record<string, unknown>;

function readManifest(cloud: string): { pins: Json[] } & Json {
  return JSON.parse(readFileSync(join(PINS, `${cloud}.json`), 'utf8')) as { pins: Json[] } & Json;
}

/** How the clouds are called in the reference data. */
const INDEX_NAMES: Readonly<Record<string, string>> = {
  public: 'AzurePublicCloud',
  usgov: 'AzureUSGovernmentCloud',
  china: 'AzureChinaCloud',
  germany: 'AzureGermanCloud',
};

/** One line a pin, out of a row of the reference data: all that both sides say. */
function* readIndexRow(row: string): Generator<string> {
  const columns = row.split('\t');
  const [, role, name, issuer, , notBefore, notAfter, sha256, , spki, key = '', identifiers = '', , clouds = ''] =
    columns;
  if (!key.startsWith('RSA ')) return;
  for (const entry of clouds.split(', ')) {
    const [, cloud = '', confidence = '', note = ''] = /^(\w+) (A-stmt|[ABC])(?: \((.*)\))?$/.exec(entry) ?? [];
    if (confidence === 'C') continue;
    const historic = note.startsWith('hist.') || note === 'cloud closed';
    const facts = [INDEX_NAMES[cloud], role, name, issuer, notBefore, notAfter, sha256, spki, key];
    yield [...facts, identifiers.split(' / ')[1], confidence, historic].join('|');
  }
}

function* readPinLines(cloud: string): Generator<string> {
  for (const pin of readManifest(cloud).pins) {
    const { role, name, issuer, notBefore, notAfter, sha256, spkiSha256, key } = pin;
    const facts = [cloud, role, name, issuer, notBefore, notAfter, sha256, spkiSha256, key];
    yield [...facts, pin['subjectKeyIdentifier'], pin['confidence'], pin['historic']].join('|');
  }
}

test.skipIf(!hasShared)('the manifests hold every RSA CA that is sure enough, and no other', () => {
  const [, ...rows] = readSharedText('pki', 'INDEX.tsv').trimEnd().split('\n');
  const expected = rows.flatMap((row) => [...readIndexRow(row)]);
  const pins = Object.keys(AZURE_CLOUDS).flatMap((cloud) => [...readPinLines(cloud)]);
  expect(pins.toSorted()).toEqual(expected.toSorted());
  expect(pins.length).toBe(79);
});

test.skipIf(!hasShared)('every pin is what its certificate says', async () => {
  const manifests = loadPins();
  const certificates = findPinnedCertificates(
    manifests,
    await readCertificateDirectory(sharedPath('pki', 'certificates')),
  );
  for (const pin of manifests.flatMap(({ pins }) => pins)) {
    const certificate = certificates.get(pin.sha256);
    if (certificate === undefined) throw new Error(`no certificate of ${pin.name}`);
    const { keyFacts, extensions, issuerCommonName } = certificate;
    const identifier = extensions.subjectKeyIdentifier?.keyIdentifier ?? new Uint8Array();
    expect(findPinFault(pin, certificate), pin.name).toBeNull();
    expect(keyFacts.type === 'rsa' && `RSA ${keyFacts.bits}`).toBe(pin.key);
    expect(Buffer.from(identifier).toString('hex')).toBe(pin.subjectKeyIdentifier);
    expect(issuerCommonName).toBe(pin.issuer);
  }
});

test('a certificate that is not the pin’s has a fault whatever it says', async () => {
  const { root, secondRoot } = await createPki();
  expect(findPinFault(root.facts, parseCertificate(root.der))).toBeNull();
  expect(findPinFault(root.facts, parseCertificate(secondRoot.der))).toBe('its SHA-256 is not the pin’s');
});

test('the manifests keep their rules, and are loaded as they are written', () => {
  expect(loadPins().map(({ cloud }) => parsePinManifest(readManifest(cloud)))).toEqual(loadPins());
});

test('there is a manifest for every cloud, under the domain that it signs for', () => {
  expect(Object.fromEntries(loadPins().map(({ cloud, domain }) => [cloud, domain]))).toEqual(AZURE_CLOUDS);
});

test('times are read as instants', () => {
  const [first] = loadPins();
  const baltimore = first?.pins.find(({ name }) => name === 'Baltimore CyberTrust Root');
  expect(baltimore?.notBefore).toBe(Date.UTC(2000, 4, 12, 18, 46));
  expect(baltimore?.notAfter).toBe(Date.UTC(2025, 4, 12, 23, 59));
});

test('pins are published by their own CAs alone, over plain HTTP', () => {
  const urls = loadPins().flatMap(({ pins }) => pins.flatMap(({ publishedAt }) => publishedAt));
  const hosts = new Set(urls.map((url) => new URL(url).host));
  expect([...hosts].toSorted()).toEqual([
    'cacerts.digicert.cn',
    'cacerts.digicert.com',
    'caissuers.microsoft.com',
    'www.d-trust.net',
    'www.microsoft.com',
  ]);
  expect(urls.every((url) => url.startsWith('http://'))).toBe(true);
});

/** One change to the first or second pin of a right manifest, and what must be said of it. */
const CHANGES: readonly (readonly [
  name: string,
  change: (pins: Json[], manifest: Json) => unknown,
  message: string,
])[] = [
  ['an upper-case digest', ([pin]) => upperCase(pin, 'sha256'), 'not a SHA-256'],
  ['an upper-case digest of the key', ([pin]) => upperCase(pin, 'spkiSha256'), 'not a SHA-256'],
  ['a short digest', ([pin]) => set(pin, 'sha256', 'abcd'), 'not a SHA-256'],
  ['an elliptic curve', ([pin]) => set(pin, 'key', 'EC secp384r1'), 'RSA alone'],
  ['a pin that is not sure', ([pin]) => set(pin, 'confidence', 'C'), 'confidence'],
  ['an unknown member', ([pin]) => set(pin, 'certificate', 'x'), 'certificate'],
  ['a time without zone', ([pin]) => set(pin, 'notAfter', '2030-01-01T00:00:00'), 'notAfter'],
  ['a life that ends before it begins', ([pin]) => set(pin, 'notAfter', '1999-01-01T00:00:00Z'), 'not after notBefore'],
  ['a file URL', ([pin]) => set(pin, 'publishedAt', ['file:///etc/passwd']), 'publishedAt'],
  ['nowhere published, unsaid', ([pin]) => set(pin, 'publishedAt', []), 'no note says why'],
  ['a pin twice', (pins) => pins.push({ ...pins[0] }), 'is there twice'],
  [
    'two keys under one name',
    (pins) => pins.push({ ...pins[0], sha256: '0'.repeat(64), spkiSha256: '1'.repeat(64) }),
    'two keys',
  ],
  ['a root by another issuer', ([pin]) => set(pin, 'issuer', 'Somebody'), 'a root is its own issuer'],
  ['a domain in capitals', (_, manifest) => set(manifest, 'domain', 'Metadata.azure.com'), 'lower-case domain'],
  ['no pins', (pins) => pins.splice(0), 'pins'],
];

function set(target: Json | undefined, member: string, value: unknown): unknown {
  return target && Object.assign(target, { [member]: value });
}

function upperCase(pin: Json | undefined, member: string): unknown {
  return set(pin, member, String(pin?.[member]).toUpperCase());
}

test.each(CHANGES)('a manifest with %s is refused', (_, change, message) => {
  const manifest = readManifest('AzurePublicCloud');
  expect(parsePinManifest(structuredClone(manifest)).pins.length).toBe(35);
  change(manifest.pins, manifest);
  expect(() => parsePinManifest(manifest)).toThrow(PinManifestError);
  expect(() => parsePinManifest(manifest)).toThrow(message);
});
