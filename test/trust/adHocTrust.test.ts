import { beforeAll, expect, test } from 'vitest';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { AdHocTrustError, createAdHocTrust } from '../../src/trust/adHocTrust.ts';
import { signerRules } from '../../src/verifier/signerRules.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { findPath } from '../../src/verifier/x509/certificationPath.ts';
import { AT, DOMAIN, createPki } from './pki.ts';

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

const digests = (certificates: readonly { sha256: string }[]) => certificates.map(({ sha256 }) => sha256);

test('self-signed certificates are anchors, the others intermediates', () => {
  const { domains } = createAdHocTrust(pki.pem, DOMAIN);
  expect(domains).toMatchObject([{ name: 'custom', domain: DOMAIN, isPinned: false }]);
  const { anchors = [], intermediates = [], missing } = domains[0]?.certificates ?? {};
  expect(digests(anchors)).toEqual(digests([pki.root.facts, pki.secondRoot.facts]));
  expect(digests(intermediates)).toEqual(digests([pki.crossSignedRoot.facts, pki.intermediate.facts]));
  expect(missing).toEqual([]);
});

test('a leaf is verified under it, also where the anchor issued the leaf itself', async () => {
  const { domains } = createAdHocTrust(`Bag attributes\n${pki.pem}the end`, DOMAIN);
  const trusted = domains[0]?.certificates;
  if (trusted === undefined) throw new Error('no domain');
  const rules = signerRules(domains[0]?.isPinned ?? true);
  for (const issuer of [pki.intermediate, pki.root]) {
    const leaf = parseCertificate((await pki.issueLeaf({ issuer })).der);
    expect(findPath(leaf, { trusted, rules, at: AT }).found).toBe(true);
  }
});

test('a certificate under its own name that another key signed is no anchor', async () => {
  const { notBefore, notAfter } = pki.root.facts;
  const description = { subject: pki.root.subject, keys: await pki.keys('other'), notBefore, notAfter };
  const namesake = await pki.issue({ ...description, issuer: pki.root, basicConstraints: { ca: true } });
  const { anchors = [] } = createAdHocTrust(namesake.pem + pki.root.pem, DOMAIN).domains[0]?.certificates ?? {};
  expect(digests(anchors)).toEqual([pki.root.facts.sha256]);
  expect(() => createAdHocTrust(namesake.pem, DOMAIN)).toThrow('no anchor');
});

test.each<[string, () => string, string]>([
  ['no certificate', () => 'hello', 'no certificate: the file has no block'],
  ['another kind of block', () => pki.pem.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'), 'no certificate'],
  [
    'a block that is no base64',
    () => pki.root.pem + pki.root.pem.replace('\nMII', '\n*II'),
    'certificate number 2 cannot be read: its block',
  ],
  [
    'a block that is not closed',
    () => pki.root.pem.replace(/-----END.*/, '') + pki.root.pem,
    'certificate number 1 cannot be read: its block',
  ],
  [
    'a block that is no certificate',
    () => `${pki.pem}-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----`,
    'certificate number 5 cannot be read',
  ],
  [
    'intermediates alone',
    () => pki.intermediate.pem + pki.crossSignedRoot.pem,
    'no anchor: none of the certificates signed itself',
  ],
  ['too many certificates', () => pki.root.pem.repeat(1025), 'more than 1024 certificates'],
])('%s is refused in clear words', (_, pem, message) => {
  expect(() => createAdHocTrust(pem(), DOMAIN)).toThrow(AdHocTrustError);
  expect(() => createAdHocTrust(pem(), DOMAIN)).toThrow(message);
});
