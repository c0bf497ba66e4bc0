import { beforeAll, expect, test } from 'vitest';
import type { Certificate } from '../../../src/verifier/x509/certificate.ts';
import { TrustedCertificates, hasMatchingKeyIdentifier } from '../../../src/verifier/x509/trustedCertificates.ts';
import { issueCa, issueLeaf, keyOf, parseIssued } from './pki.ts';

let root: Certificate;
let cross: Certificate;
let otherKey: Certificate;
let otherSpelling: Certificate;
let leaf: Certificate;
let bareLeaf: Certificate;

beforeAll(async () => {
  const issued = await issueCa('Root');
  const second = await issueCa('Second');
  root = parseIssued(issued);
  cross = parseIssued(await issueCa('Root', second));
  otherKey = parseIssued(await issueCa('Root', undefined, { keys: await keyOf('other') }));
  otherSpelling = parseIssued(await issueCa('Root', second, { subject: 'CN=ROOT' }));
  leaf = parseIssued(await issueLeaf(issued));
  bareLeaf = parseIssued(await issueLeaf(issued, { keyIdentifiers: false }));
});

const digests = (found: readonly { certificate: Certificate }[]) => found.map(({ certificate }) => certificate.sha256);

test('issuers are found by the octets of their name; the key that is named first, then anchors', () => {
  const trusted = new TrustedCertificates({ anchors: [otherKey, root], intermediates: [cross, otherSpelling] });
  expect(digests(trusted.findIssuers(leaf, 'exact'))).toEqual(
    digests([root, cross, otherKey].map((certificate) => ({ certificate }))),
  );
  expect(trusted.findIssuers(leaf, 'exact').map(({ isAnchor }) => isAnchor)).toEqual([true, false, true]);
});

test('or by the name as RFC 5280 prepares it, again and again', () => {
  const trusted = new TrustedCertificates({ anchors: [root], intermediates: [otherSpelling] });
  for (let round = 0; round < 2; round++) {
    expect(digests(trusted.findIssuers(leaf, 'prepared'))).toEqual([root.sha256, otherSpelling.sha256]);
  }
  expect(digests(trusted.findIssuers(leaf, 'exact'))).toEqual([root.sha256]);
});

test('nobody of the name', () => {
  const trusted = new TrustedCertificates({ anchors: [leaf], intermediates: [] });
  expect(trusted.findIssuers(leaf, 'exact')).toEqual([]);
  expect(trusted.findIssuers(leaf, 'prepared')).toEqual([]);
  expect(trusted.findMissingIssuer(leaf)).toBeUndefined();
});

test('a missing certificate is known by its common name', () => {
  const missing = [{ commonName: 'Root', sha256: 'ab' }];
  const trusted = new TrustedCertificates({ anchors: [root], intermediates: [], missing });
  expect(trusted.findMissingIssuer(leaf)).toEqual(missing[0]);
});

test('distrust is by certificate or by key', () => {
  const trusting = (...distrusted: string[]) =>
    new TrustedCertificates({ anchors: [root], intermediates: [], distrusted: new Set(distrusted) });
  expect(trusting().isDistrusted(root)).toBe(false);
  expect(trusting(root.sha256).isDistrusted(root)).toBe(true);
  expect(trusting(root.spkiSha256).isDistrusted(cross)).toBe(true);
  expect(trusting(root.sha256).isDistrusted(cross)).toBe(false);
});

test('nothing that is changed afterwards reaches it', () => {
  const anchors = [root];
  const distrusted = new Set<string>();
  const trusted = new TrustedCertificates({ anchors, intermediates: [], distrusted });
  anchors.push(otherKey);
  distrusted.add(root.sha256);
  expect(trusted.anchors).toEqual([root]);
  expect(trusted.isDistrusted(root)).toBe(false);
});

test('key identifiers match unless both are there and differ', () => {
  expect(hasMatchingKeyIdentifier(leaf, root)).toBe(true);
  expect(hasMatchingKeyIdentifier(leaf, otherKey)).toBe(false);
  expect(hasMatchingKeyIdentifier(bareLeaf, otherKey)).toBe(true);
  expect(hasMatchingKeyIdentifier(leaf, bareLeaf)).toBe(true);
});
