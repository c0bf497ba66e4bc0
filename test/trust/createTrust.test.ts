import { hash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { createTrust, TrustMaterialError } from '../../src/trust/createTrust.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { signerRules } from '../../src/verifier/signerRules.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { findPath } from '../../src/verifier/x509/certificationPath.ts';
import { EmptyTrustError } from '../../src/verifier/x509/trust.ts';
import type { Trust } from '../../src/verifier/x509/trust.ts';
import { expectedDocuments, hasShared, readSharedText, sharedPath } from '../support/shared.ts';
import { AT, CLOUD, DOMAIN, createPki, dersOf, manifestOf } from './pki.ts';
import { runKeys } from '../support/runKeys.ts';

let pki: Authority;
let leaf: Uint8Array;

beforeAll(async () => {
  pki = await createPki();
  leaf = (await pki.issueLeaf()).der;
});

function search(trust: Trust, at = AT) {
  const [domain] = trust.domains;
  if (domain === undefined) throw new Error('no domain');
  return findPath(parseCertificate(leaf), { trusted: domain.certificates, rules: signerRules(true), at });
}

test('roots are anchors, intermediates are not, and what is not at hand is missing', () => {
  const manifest = manifestOf(pki);
  const certificates = findPinnedCertificates([manifest], dersOf([pki.root, pki.intermediate]));
  const [domain] = createTrust({ manifests: [manifest], certificates }).domains;
  expect(domain).toMatchObject({ name: CLOUD, domain: DOMAIN, isPinned: true });
  expect(domain?.certificates.anchors.map(({ sha256 }) => sha256)).toEqual([pki.root.facts.sha256]);
  expect(domain?.certificates.intermediates.map(({ sha256 }) => sha256)).toEqual([pki.intermediate.facts.sha256]);
  expect(domain?.certificates.missing).toEqual(
    [pki.secondRoot, pki.crossSignedRoot].map(({ facts }) => ({ commonName: facts.name, sha256: facts.sha256 })),
  );
});

test('a certificate counts only when its digest is a pin’s', async () => {
  const stranger = await createPki(runKeys('stranger'));
  const manifest = manifestOf(pki);
  const certificates = findPinnedCertificates([manifest], dersOf([...stranger.certificates, pki.intermediate]));
  expect([...certificates.keys()]).toEqual([pki.intermediate.facts.sha256]);
  expect(() => createTrust({ manifests: [manifest], certificates })).toThrow(EmptyTrustError);
});

test.each([
  ['key', { spkiSha256: '0'.repeat(64) }],
  ['name', { name: 'Another CA' }],
  ['validity', { notAfter: AT }],
])('a pin whose %s is not its certificate’s leaves it out', (_, change) => {
  const manifest = manifestOf(pki, (pin) =>
    pin.sha256 === pki.intermediate.facts.sha256 ? { ...pin, ...change } : pin,
  );
  const certificates = findPinnedCertificates([manifest], dersOf(pki.certificates));
  const [domain] = createTrust({ manifests: [manifest], certificates }).domains;
  expect(domain?.certificates.intermediates.map(({ sha256 }) => sha256)).toEqual([pki.crossSignedRoot.facts.sha256]);
  expect(domain?.certificates.missing.map(({ sha256 }) => sha256)).toEqual([pki.intermediate.facts.sha256]);
});

test('a key that is not RSA is never trusted', async () => {
  const curve = await createPki();
  const { der, facts } = await createCurveRoot();
  const manifest = { ...manifestOf(curve), pins: [...manifestOf(curve).pins, facts] };
  const certificates = findPinnedCertificates([manifest], [...dersOf(curve.certificates), der]);
  const [domain] = createTrust({ manifests: [manifest], certificates }).domains;
  expect(certificates.has(facts.sha256)).toBe(true);
  expect(domain?.certificates.anchors.length).toBe(2);
  expect(domain?.certificates.missing.map(({ sha256 }) => sha256)).toEqual([facts.sha256]);
});

async function createCurveRoot() {
  return (await createAuthority({ domain: DOMAIN, at: AT, keyKind: 'p-256' })).root;
}

test('a pin of something that is no certificate is a missing one', () => {
  const text = Buffer.from('no certificate at all');
  const nonsense = { ...pki.root.facts, sha256: hash('sha256', text, 'hex') };
  const manifest = { ...manifestOf(pki), pins: [...manifestOf(pki).pins, nonsense] };
  const certificates = findPinnedCertificates([manifest], [text, ...dersOf(pki.certificates)]);
  const [domain] = createTrust({ manifests: [manifest], certificates }).domains;
  expect(domain?.certificates.missing).toEqual([{ commonName: nonsense.name, sha256: nonsense.sha256 }]);
});

test('an issuer whose certificate is not at hand is told from an unknown one', () => {
  const manifest = manifestOf(pki);
  const without = findPinnedCertificates([manifest], dersOf([pki.root]));
  const failure = { found: false, failure: { code: 'issuer_certificate_missing' } };
  expect(search(createTrust({ manifests: [manifest], certificates: without }))).toMatchObject(failure);
  const other = { ...manifest, pins: [pki.root.facts] };
  expect(search(createTrust({ manifests: [other], certificates: without }))).toMatchObject({
    failure: { code: 'issuer_unknown' },
  });
});

test.each(['sha256', 'spkiSha256'] as const)('distrust by %s beats the pin', (digest) => {
  const manifests = [manifestOf(pki)];
  const certificates = findPinnedCertificates(manifests, dersOf(pki.certificates));
  const distrusted = new Set([pki.intermediate.facts[digest]]);
  expect(search(createTrust({ manifests, certificates })).found).toBe(true);
  expect(search(createTrust({ manifests, certificates, distrusted }))).toMatchObject({
    failure: { code: 'certificate_distrusted' },
  });
});

test('a distrusted pin without a certificate is not one that is missing', () => {
  const manifests = [manifestOf(pki)];
  const certificates = findPinnedCertificates(manifests, dersOf([pki.root, pki.secondRoot, pki.crossSignedRoot]));
  const distrusted = new Set([pki.intermediate.facts.spkiSha256]);
  const [domain] = createTrust({ manifests, certificates, distrusted }).domains;
  expect(domain?.certificates.missing).toEqual([]);
});

test('the version names the pins and what is distrusted, whatever their order and the certificates at hand', () => {
  const manifest = manifestOf(pki);
  const turned = { ...manifest, pins: manifest.pins.toReversed() };
  const some = findPinnedCertificates([manifest], dersOf([pki.root]));
  const all = findPinnedCertificates([manifest], dersOf(pki.certificates));
  const { version } = createTrust({ manifests: [manifest], certificates: all });
  expect(version).toMatch(/^[0-9a-f]{16}$/);
  expect(createTrust({ manifests: [turned], certificates: some }).version).toBe(version);
  const fewer = { ...manifest, pins: manifest.pins.slice(1) };
  const distrusted = new Set([pki.root.facts.sha256]);
  const others = [
    createTrust({ manifests: [fewer], certificates: all }).version,
    createTrust({ manifests: [manifest], certificates: all, distrusted }).version,
    createTrust({ manifests: [{ ...manifest, domain: 'metadata.other.test' }], certificates: all }).version,
  ];
  expect(new Set([version, ...others]).size).toBe(4);
});

test('several manifests of one cloud are one, and the first pin of a digest counts', () => {
  const [first, ...rest] = manifestOf(pki).pins;
  if (first === undefined) throw new Error('no pin');
  const own = { ...manifestOf(pki), pins: [first] };
  const added = { ...manifestOf(pki), pins: [{ ...first, name: 'overruled' }, ...rest] };
  const certificates = findPinnedCertificates([own, added], dersOf(pki.certificates));
  const trust = createTrust({ manifests: [own, added], certificates });
  expect(trust.domains.length).toBe(1);
  expect(trust.domains[0]?.certificates.anchors.length).toBe(2);
  expect(trust.version).toBe(createTrust({ manifests: [manifestOf(pki)], certificates }).version);
});

test('clouds whose domains collide are refused', () => {
  const manifest = manifestOf(pki);
  const certificates = findPinnedCertificates([manifest], dersOf(pki.certificates));
  const collide = (...others: { cloud: string; domain: string }[]) =>
    createTrust({ manifests: [manifest, ...others.map((other) => ({ ...other, pins: [] }))], certificates });
  expect(() => collide({ cloud: CLOUD, domain: 'other.test' })).toThrow(TrustMaterialError);
  expect(() => collide({ cloud: 'Other', domain: DOMAIN })).toThrow(TrustMaterialError);
  expect(() => collide({ cloud: 'Other', domain: `inner.${DOMAIN}` })).toThrow(TrustMaterialError);
  expect(collide({ cloud: 'Other', domain: `outer${DOMAIN}` }).domains.length).toBe(2);
});

test('the emulator’s cloud goes beside Azure’s', () => {
  const manifests = [...loadPins(), manifestOf(pki)];
  const certificates = findPinnedCertificates(manifests, [...readNodeRoots(), ...dersOf(pki.certificates)]);
  const { domains } = createTrust({ manifests, certificates });
  expect(domains.map(({ name }) => name)).toEqual([...Object.keys(AZURE_CLOUDS), CLOUD]);
});

test('Node’s roots hold the anchors of the public cloud’s chains of today', () => {
  const certificates = findPinnedCertificates(loadPins(), readNodeRoots());
  const names = [...certificates.values()].map(({ commonName }) => commonName);
  expect(names).toContain('DigiCert Global Root G2');
  expect(names).toContain('Microsoft RSA Root Certificate Authority 2017');
});

const policy = {
  acceptedClouds: Object.keys(AZURE_CLOUDS),
  requiredClaims: ['vmId', 'timeStamp'] as const,
  maximumAge: null,
  clockSkew: 120_000,
};

async function readMaterial() {
  const manifests = loadPins();
  const ders = await readCertificateDirectory(sharedPath('pki', 'certificates'));
  return { manifests, certificates: findPinnedCertificates(manifests, ders) };
}

test.skipIf(!hasShared)('genuine documents verify under the pins of their cloud', async () => {
  const trust = createTrust(await readMaterial());
  for (const { file, at, expect: verdict, code, cloud, region } of expectedDocuments()) {
    const evidence = readSharedText('attested-documents', file).trim();
    const expected = verdict === 'accept' ? { accepted: true, result: { cloud, region } } : { accepted: false, code };
    expect(verifyEvidence(evidence, { trust, policy, at: Date.parse(at) }), file).toMatchObject(expected);
  }
  expect(expectedDocuments().filter((document) => document.expect === 'accept').length).toBe(9);
});

test.skipIf(!hasShared)(
  'without the issuer’s certificate genuine documents are not refused but wait for it',
  async () => {
    const { manifests, certificates } = await readMaterial();
    for (const { file, at, expect: verdict } of expectedDocuments()) {
      if (verdict !== 'accept') continue;
      const evidence = readSharedText('attested-documents', file).trim();
      const options = { policy, at: Date.parse(at) };
      const verified = verifyEvidence(evidence, { ...options, trust: createTrust({ manifests, certificates }) });
      const path = verified.checks.find(({ name }) => name === 'path')?.detail?.split(' < ') ?? [];
      const kept = new Map([...certificates].filter(([, { commonName }]) => commonName !== path[1]));
      const bereft = verifyEvidence(evidence, { ...options, trust: createTrust({ manifests, certificates: kept }) });
      expect(path.length, file).toBeGreaterThan(2);
      expect(bereft, file).toMatchObject({ accepted: false, code: 'issuer_certificate_missing' });
    }
  },
);

test.skipIf(!hasShared)('pins of one cloud vouch for no other', async () => {
  const { manifests, certificates } = await readMaterial();
  const [publicCloud, , china] = manifests;
  if (publicCloud === undefined || china === undefined) throw new Error('no manifests');
  const swapped = createTrust({ manifests: [{ ...publicCloud, pins: china.pins }], certificates });
  const document = expectedDocuments().find(({ file }) => file.startsWith('19-'));
  const evidence = readSharedText('attested-documents', document?.file ?? '').trim();
  const result = verifyEvidence(evidence, { trust: swapped, policy, at: Date.parse(document?.at ?? '') });
  expect(result).toMatchObject({ accepted: false, code: 'issuer_unknown' });
});
