import { beforeAll, expect, test } from 'vitest';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import type { CertificateDescription, IssuedCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { createTrust } from '../../src/trust/createTrust.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import type { Pin } from '../../src/trust/pin.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { reportTrust } from '../../src/trust/trustStatus.ts';
import type { CloudStatus, TrustStatusOptions } from '../../src/trust/trustStatus.ts';
import { signerRules } from '../../src/verifier/signerRules.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { hasShared, sharedPath } from '../support/shared.ts';
import { AT, CLOUD, createPki, dersOf, manifestOf } from './pki.ts';

const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;
const rules = signerRules(true);

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

interface Case {
  readonly have?: readonly IssuedCertificate[];
  readonly change?: (pin: Pin) => Pin;
  readonly distrusted?: ReadonlySet<string>;
  readonly options?: Partial<TrustStatusOptions>;
}

function report({ have = pki.certificates, change, distrusted, options }: Case = {}) {
  const manifests = [manifestOf(pki, change)];
  const certificates = findPinnedCertificates(manifests, dersOf(have));
  const material = { manifests, certificates, ...(distrusted && { distrusted }) };
  return reportTrust(material, { acceptedClouds: [CLOUD], rules, at: AT, ...options });
}

function cloudOf(given?: Case): CloudStatus {
  const [cloud] = report(given).clouds;
  if (cloud === undefined) throw new Error('no cloud');
  return cloud;
}

const names = (pins: readonly { name: string }[]) => pins.map(({ name }) => name);
const historic = (pin: Pin): Pin => ({ ...pin, historic: true });

test('a complete path is found, the one that lasts longest is told', () => {
  const status = report();
  const { intermediate, root } = pki;
  expect(status).toMatchObject({ at: AT, verdict: 'ok', clouds: [{ cloud: CLOUD, accepted: true, verdict: 'ok' }] });
  expect(cloudOf()).toMatchObject({
    pathUntil: intermediate.facts.notAfter,
    path: [intermediate.facts.name, root.facts.name],
  });
  expect(status.version).toBe(
    createTrust({
      manifests: [manifestOf(pki)],
      certificates: findPinnedCertificates([manifestOf(pki)], dersOf(pki.certificates)),
    }).version,
  );
});

test('a cross-signed root completes the path where the root itself is missing', () => {
  const cloud = cloudOf({ have: [pki.intermediate, pki.crossSignedRoot, pki.secondRoot] });
  expect(cloud.path).toEqual([pki.intermediate.facts.name, pki.root.facts.name, pki.secondRoot.facts.name]);
  expect(cloud).toMatchObject({ verdict: 'degraded', withoutPath: [] });
  expect(names(cloud.missing)).toEqual([pki.root.facts.name]);
});

test.each<[string, () => Case]>([
  ['no certificate at all', () => ({ have: [] })],
  ['no anchor', () => ({ have: [pki.intermediate, pki.crossSignedRoot] })],
  ['no intermediate', () => ({ have: [pki.root, pki.secondRoot] })],
  ['only a cross-signed root', () => ({ have: [pki.crossSignedRoot, pki.secondRoot] })],
  ['every intermediate expired', () => ({ options: { at: AT + 11 * YEAR } })],
  ['nothing valid yet', () => ({ options: { at: AT - 3 * YEAR } })],
  [
    'the roots distrusted',
    () => ({ distrusted: new Set([pki.root, pki.secondRoot].map(({ facts }) => facts.sha256)) }),
  ],
  ['a cloud that no pin knows', () => ({ options: { acceptedClouds: [CLOUD, 'Unheard'] } })],
  ['no accepted cloud', () => ({ options: { acceptedClouds: [] } })],
  ['rules that no CA meets', () => ({ options: { rules: { ...rules, findKeyFault: () => 'no key is good enough' } } })],
])('%s is a failure', (_, given) => {
  expect(report(given()).verdict).toBe('failed');
});

test('a cloud that is not accepted fails nothing', () => {
  const manifests = [manifestOf(pki), { cloud: 'Other', domain: 'other.test', pins: [] }];
  const certificates = findPinnedCertificates(manifests, dersOf(pki.certificates));
  const status = reportTrust({ manifests, certificates }, { acceptedClouds: [CLOUD], rules, at: AT });
  expect(status.verdict).toBe('ok');
  expect(status.clouds[1]).toMatchObject({
    cloud: 'Other',
    accepted: false,
    verdict: 'failed',
    pathUntil: null,
    path: [],
  });
});

test('an intermediate whose issuer is gone is told as one without a path', () => {
  const have = [pki.intermediate, pki.root, pki.crossSignedRoot];
  const cloud = cloudOf({ have });
  expect(cloud.withoutPath.map(({ sha256 }) => sha256)).toEqual([pki.crossSignedRoot.facts.sha256]);
  expect(cloud.verdict).toBe('degraded');
});

/** The clouds' status with one more pinned CA below one of the PKI's own. */
async function reportWith(issuer: Authority['root'], change: Partial<CertificateDescription>) {
  const { notBefore, notAfter } = issuer.facts;
  const description = { subject: 'CN=Below', keys: await pki.keys('below'), issuer, notBefore, notAfter };
  const below = await pki.issue({ ...description, basicConstraints: { ca: true }, ...change });
  const pin = pinOf(below.der, { ...pki.intermediate.facts, name: 'Below', notBefore, notAfter });
  const manifests = [{ ...manifestOf(pki), pins: [...manifestOf(pki).pins, pin] }];
  const certificates = findPinnedCertificates(manifests, [below.der, ...dersOf(pki.certificates)]);
  const { clouds } = reportTrust({ manifests, certificates }, { acceptedClouds: [CLOUD], rules, at: AT });
  return names(clouds[0]?.withoutPath ?? []);
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

test('a CA that may issue no signer of a document completes no path', async () => {
  expect(await reportWith(pki.root, {})).toEqual([]);
  expect(await reportWith(pki.root, { extendedKeyUsage: [SERVER_AUTH, CODE_SIGNING] })).toEqual([]);
  expect(await reportWith(pki.root, { extendedKeyUsage: [CODE_SIGNING] })).toEqual(['Below']);
  expect(await reportWith(pki.root, { keyUsage: ['digitalSignature'] })).toEqual(['Below']);
  expect(await reportWith(pki.root, { basicConstraints: { ca: false } })).toEqual(['Below']);
  expect(await reportWith(pki.root, { signatureAlgorithm: 'rsa-sha1' })).toEqual(['Below']);
});

test('a CA whose path length is exceeded completes no path', async () => {
  expect(await reportWith(pki.intermediate, {})).toEqual(['Below']);
});

test('historic pins without a certificate are told apart, and are no concern', () => {
  const have = [pki.root, pki.intermediate];
  const cloud = cloudOf({ have, change: historic });
  expect(cloud).toMatchObject({ verdict: 'ok', missing: [] });
  expect(cloud.missingHistoric.map(({ sha256 }) => sha256)).toEqual([
    pki.secondRoot.facts.sha256,
    pki.crossSignedRoot.facts.sha256,
  ]);
});

test('an expired pin without a certificate is not one that documents need today', () => {
  const at = pki.intermediate.facts.notAfter + 1000;
  const cloud = cloudOf({ have: [pki.root, pki.secondRoot, pki.crossSignedRoot], options: { at } });
  expect(names(cloud.expired)).toEqual([pki.intermediate.facts.name]);
  expect(names(cloud.missingHistoric)).toEqual([pki.intermediate.facts.name]);
  expect(cloud.missing).toEqual([]);
});

test('the last second of a certificate belongs to it', () => {
  const at = pki.intermediate.facts.notAfter + 999;
  const last = cloudOf({ options: { at, days: 0 } });
  expect(last).toMatchObject({ expired: [], pathUntil: pki.intermediate.facts.notAfter });
  expect(names(cloudOf({ options: { at: at + 1 } }).expired)).toEqual([pki.intermediate.facts.name]);
});

test('ends within the days asked for are told', () => {
  const end = pki.intermediate.facts.notAfter;
  const ending = (before: number, days?: number) =>
    names(cloudOf({ options: { at: end - before, ...(days !== undefined && { days }) } }).endingSoon);
  expect(ending(60 * DAY - 1000)).toEqual([pki.intermediate.facts.name]);
  expect(ending(61 * DAY)).toEqual([]);
  expect(ending(61 * DAY, 62)).toEqual([pki.intermediate.facts.name]);
  expect(cloudOf({ options: { at: end - DAY } }).verdict).toBe('degraded');
  expect(names(cloudOf({ change: historic, options: { at: end - DAY } }).endingSoon)).toEqual([]);
});

test('what is distrusted is told as that alone, by certificate or by key', () => {
  const byKey = cloudOf({ distrusted: new Set([pki.root.facts.spkiSha256]) });
  expect(byKey.distrusted.map(({ sha256 }) => sha256)).toEqual([
    pki.root.facts.sha256,
    pki.crossSignedRoot.facts.sha256,
  ]);
  expect(byKey).toMatchObject({ verdict: 'failed', missing: [], pathUntil: null });
  const byCertificate = cloudOf({
    have: [pki.intermediate, pki.crossSignedRoot, pki.secondRoot],
    distrusted: new Set([pki.root.facts.sha256]),
  });
  expect(byCertificate).toMatchObject({ verdict: 'ok', missing: [] });
  expect(names(byCertificate.distrusted)).toEqual([pki.root.facts.name]);
});

test('CAs that issue each other reach no anchor, and the search ends', async () => {
  const { notBefore, notAfter } = pki.root.facts;
  const make = async (name: string, by: string) => {
    const issuer = { subject: `CN=${by}`, keys: await pki.keys(by) };
    const description = { subject: `CN=${name}`, keys: await pki.keys(name), issuer, notBefore, notAfter };
    const { der } = await pki.issue({ ...description, basicConstraints: { ca: true } });
    return { der, pin: pinOf(der, { ...pki.crossSignedRoot.facts, name, notBefore, notAfter }) };
  };
  const names = ['One', 'Two', 'Three', 'Four', 'Five', 'Six'];
  const pairs = names.flatMap((name) => names.map((by) => [name, by] as const)).filter(([name, by]) => name !== by);
  const circle = await Promise.all(pairs.map(([name, by]) => make(name, by)));
  const manifests = [{ ...manifestOf(pki), pins: [pki.root.facts, ...circle.map(({ pin }) => pin)] }];
  const certificates = findPinnedCertificates(manifests, [pki.root.der, ...circle.map(({ der }) => der)]);
  const { clouds } = reportTrust({ manifests, certificates }, { acceptedClouds: [CLOUD], rules, at: AT });
  expect(clouds[0]).toMatchObject({ verdict: 'failed', pathUntil: null });
  expect(clouds[0]?.withoutPath.length).toBe(30);
}, 10_000);

/** The facts, with the digests of another certificate. */
function pinOf(der: Uint8Array, facts: Pin): Pin {
  const { sha256, spkiSha256 } = parseCertificate(der);
  return { ...facts, sha256, spkiSha256 };
}

function azureMaterial(ders: readonly Uint8Array[]) {
  const manifests = loadPins();
  return { manifests, certificates: findPinnedCertificates(manifests, ders) };
}

const clouds = loadPins().map(({ cloud }) => cloud);

test.skipIf(!hasShared)('all of Azure’s clouds have a complete path today, and say until when', async () => {
  const material = azureMaterial(await readCertificateDirectory(sharedPath('pki', 'certificates')));
  const status = reportTrust(material, { acceptedClouds: clouds, rules, at: AT });
  expect(
    status.clouds.map(({ missing, missingHistoric, withoutPath }) => [missing, missingHistoric, withoutPath].flat()),
  ).toEqual([[], [], [], []]);
  expect(
    status.clouds.map(({ path, pathUntil }) => [path.join(' < '), new Date(pathUntil ?? 0).toISOString()]),
  ).toEqual([
    ['Microsoft TLS G2 RSA CA OCSP 14 < Microsoft TLS RSA Root G2', '2029-06-03T23:03:41.000Z'],
    ['DigiCert SHA2 Secure Server CA < DigiCert Global Root CA', '2030-09-22T23:59:59.000Z'],
    ['DigiCert Basic OV G2 TLS CN RSA4096 SHA256 2022 CA1 < DigiCert Global Root G2', '2032-12-14T23:59:59.000Z'],
    ['D-TRUST SSL Class 3 CA 1 2009 < D-TRUST Root Class 3 CA 2 2009', '2029-11-05T08:35:58.000Z'],
  ]);
  expect(status.verdict).toBe('ok');
});

test('Node’s roots alone complete no path', () => {
  const status = reportTrust(azureMaterial(readNodeRoots()), { acceptedClouds: clouds, rules, at: AT });
  expect(status.verdict).toBe('failed');
  expect(status.clouds.every(({ path }) => path.length === 0)).toBe(true);
});

test('a closed cloud fails nothing beside others, and is not enough alone', () => {
  const manifests = loadPins();
  const { certificates } = pki;
  const own = manifestOf(pki);
  const material = {
    manifests: [own, ...manifests],
    certificates: findPinnedCertificates([own], dersOf(certificates)),
  };
  const both = reportTrust(material, { acceptedClouds: [CLOUD, 'AzureGermanCloud'], rules, at: AT });
  expect(both.verdict).toBe('ok');
  const german = both.clouds.find(({ cloud }) => cloud === 'AzureGermanCloud');
  expect(german).toMatchObject({ accepted: true, verdict: 'ok', pathUntil: null });
  expect(german?.missingHistoric).toHaveLength(2);
  const alone = reportTrust(material, { acceptedClouds: ['AzureGermanCloud'], rules, at: AT });
  expect(alone.verdict).toBe('failed');
  const china = reportTrust(material, { acceptedClouds: [CLOUD, 'AzureChinaCloud'], rules, at: AT });
  expect(china.verdict).toBe('failed');
});
