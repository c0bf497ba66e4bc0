import { X509Certificate } from 'node:crypto';
import * as pkijs from 'pkijs';
import { beforeAll, expect, test } from 'vitest';
import { createAuthority, type Authority } from '../../../src/emulator/authority/authority.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const DAY = 24 * 60 * 60 * 1000;

let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority({ at: AT, keys: runKeys('emulator') });
});

test('both paths from a leaf end in a self-signed root', async () => {
  const leaf = new X509Certificate((await authority.issueLeaf()).der);
  const [root, second, cross, intermediate] = authority.certificates.map(({ der }) => new X509Certificate(der));
  if (!root || !second || !cross || !intermediate) throw new Error('four CA certificates expected');
  expect(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
  for (const issuer of [root, cross]) {
    expect(intermediate.checkIssued(issuer) && intermediate.verify(issuer.publicKey)).toBe(true);
  }
  expect(cross.checkIssued(second) && cross.verify(second.publicKey)).toBe(true);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(second.verify(second.publicKey)).toBe(true);
  expect(cross.verify(root.publicKey)).toBe(false);
});

test('the facts are those of the certificates', () => {
  expect(authority.certificates.map(({ facts }) => facts.role)).toEqual([
    'root',
    'root',
    'intermediate',
    'intermediate',
  ]);
  for (const { der, facts } of authority.certificates) {
    const certificate = new X509Certificate(der);
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(facts.sha256);
    expect(certificate.validFromDate.getTime()).toBe(facts.notBefore);
    expect(certificate.validToDate.getTime()).toBe(facts.notAfter);
    expect(certificate.subject).toContain(`CN=${facts.name}`);
    expect(certificate.ca).toBe(true);
  }
  const [root, , cross] = authority.certificates;
  expect(root?.facts.spkiSha256).toBe(cross?.facts.spkiSha256);
});

test('the PEM holds every CA certificate', () => {
  const blocks = authority.pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? [];
  expect(blocks.map((block) => new X509Certificate(block).raw.toString('hex'))).toEqual(
    authority.certificates.map(({ der }) => Buffer.from(der).toString('hex')),
  );
});

test('a leaf has the shape of Azure’s own', async () => {
  const { der } = await authority.issueLeaf({ region: 'westeurope' });
  const leaf = new X509Certificate(der);
  expect(leaf.subject.split('\n').at(-1)).toBe('CN=metadata.emulator.test');
  expect(leaf.subjectAltName).toBe('DNS:westeurope.metadata.emulator.test, DNS:metadata.emulator.test');
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(leaf.ca).toBe(false);
  expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65537n });
  expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(180 * DAY);
  expect(leaf.validFromDate.getTime() < AT && AT < leaf.validToDate.getTime()).toBe(true);
  expect(leaf.signatureAlgorithm).toBe('sha384WithRSAEncryption');
});

test('odd certificates are made as they are described', async () => {
  const odd = await authority.issueLeaf({
    subject: 'CN=other',
    names: [
      { type: 'dns', value: 'metadata.azure.com\0.example' },
      { type: 'ip', value: '127.0.0.1' },
    ],
    extendedKeyUsage: undefined,
    keys: await authority.keys('odd', 'ed25519'),
    serial: '01ff',
    signatureAlgorithm: 'rsa-md5',
    moreExtensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }],
  });
  const certificate = new X509Certificate(odd.der);
  expect(certificate.subject).toBe('CN=other');
  expect(certificate.subjectAltName).toBe('DNS:"metadata.azure.com\\u0000.example", IP Address:127.0.0.1');
  expect(certificate.keyUsage).toBeUndefined();
  expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519');
  expect(certificate.serialNumber).toBe('01FF');
  expect(certificate.signatureAlgorithm).toBe('md5WithRSAEncryption');
  const last = pkijs.Certificate.fromBER(odd.der).extensions?.at(-1);
  expect([last?.extnID, last?.critical]).toEqual(['1.2.3.4', true]);
});

test('a change comes before the signature, a change of the signed certificate after it', async () => {
  const issuer = new X509Certificate(authority.intermediate.der).publicKey;
  const bare = await authority.issueLeaf({
    change: (certificate) => {
      certificate.version = 0;
      delete certificate.extensions;
    },
  });
  expect(pkijs.Certificate.fromBER(bare.der).version).toBe(0);
  expect(new X509Certificate(bare.der).subjectAltName).toBeUndefined();
  expect(new X509Certificate(bare.der).verify(issuer)).toBe(true);
  const spoilt = await authority.issueLeaf({
    changeSigned: ({ signatureValue }) => {
      signatureValue.valueBlock.valueHexView.fill(0);
    },
  });
  expect(new X509Certificate(spoilt.der).verify(issuer)).toBe(false);
});

test('RSA-PSS signatures are made with the parameters that they state', async () => {
  const leaf = await authority.issueLeaf({ signatureAlgorithm: 'rsa-pss' });
  expect(new X509Certificate(leaf.der).verify(new X509Certificate(authority.intermediate.der).publicKey)).toBe(true);
});
