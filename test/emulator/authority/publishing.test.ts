import { X509Certificate } from 'node:crypto';
import * as pkijs from 'pkijs';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { createEmulator } from '../../../src/emulator/server/emulator.ts';
import { createAdHocTrust } from '../../../src/trust/adHocTrust.ts';
import { parseSignedDocument } from '../../../src/verifier/cms/signedData.ts';
import { verifyEvidence } from '../../../src/verifier/verifyEvidence.ts';
import { runKeys } from '../../support/runKeys.ts';
import { AT, get } from '../running.ts';

const DAY = 24 * 60 * 60 * 1000;
const EMULATOR = 'http://127.0.0.1:7080';
const OID = {
  issuers: '1.3.6.1.5.5.7.1.1',
  crl: '2.5.29.31',
  policies: '2.5.29.32',
  nameConstraints: '2.5.29.30',
};

const published = (baseUrl: string, at = AT) =>
  createAuthority({ at, baseUrl, keyKind: 'rsa-4096', keys: runKeys('emulator') });

/** The addresses in one extension of a certificate, as they stand in its octets. */
function addresses(der: Uint8Array, oid: string): string[] {
  const found = pkijs.Certificate.fromBER(new Uint8Array(der)).extensions?.find(({ extnID }) => extnID === oid);
  const text = Buffer.from(found?.extnValue.valueBlock.valueHexView ?? []).toString('latin1');
  return text.match(/http:[\x21-\x7e]+?\.cr[tl]/g) ?? [];
}

async function fetchOctets(url: string): Promise<{ readonly type: string | null; readonly octets: Buffer }> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return { type: answer.headers.get('content-type'), octets: Buffer.from(await answer.arrayBuffer()) };
}

async function withPublished(body: (url: string) => Promise<void>, clock = () => AT): Promise<void> {
  const running = await createEmulator({
    authority: (baseUrl) => published(baseUrl),
    clock,
    rateLimit: Infinity,
  }).listen(0);
  try {
    await body(running.url);
  } finally {
    await running.close();
  }
}

async function readSigner(url: string): Promise<{ readonly document: Buffer; readonly leaf: X509Certificate }> {
  const answer = await get({ url }, '/metadata/attested/document?api-version=2020-09-01');
  const { signature } = JSON.parse(answer.text) as { signature: string };
  const document = Buffer.from(signature, 'base64');
  const [certificate] = parseSignedDocument(document).certificates;
  if (!certificate) throw new Error('a certificate expected');
  return { document, leaf: new X509Certificate(certificate) };
}

test('a signing certificate has the twelve extensions of the genuine ones, and the document their size', async () => {
  await withPublished(async (url) => {
    const { document, leaf } = await readSigner(url);
    const { extensions = [] } = pkijs.Certificate.fromBER(leaf.raw);
    expect(extensions.map(({ extnID }) => extnID).sort()).toEqual(
      [
        ...['1.3.6.1.4.1.11129.2.4.2', '1.3.6.1.4.1.311.21.10', '1.3.6.1.4.1.311.21.7', OID.issuers, '2.5.29.14'],
        ...['2.5.29.15', '2.5.29.17', '2.5.29.19', OID.crl, OID.policies, '2.5.29.35', '2.5.29.37'],
      ].sort(),
    );
    expect(document.length).toBeGreaterThan(2_950);
    expect(document.length).toBeLessThan(3_300);
  });
});

test('from the signer each issuer is found at the address in the certificate below it, up to a root', async () => {
  await withPublished(async (url) => {
    let { leaf: certificate } = await readSigner(url);
    const names: string[] = [];
    for (;;) {
      const [address] = addresses(certificate.raw, OID.issuers);
      if (address === undefined) break;
      expect(address.startsWith(`${url}/`)).toBe(true);
      const { type, octets } = await fetchOctets(address);
      expect(type).toBe('application/pkix-cert');
      const issuer = new X509Certificate(octets);
      expect(certificate.issuer).toBe(issuer.subject);
      expect(certificate.verify(issuer.publicKey)).toBe(true);
      names.push(issuer.subject.split('CN=')[1] ?? '');
      certificate = issuer;
    }
    expect(names).toEqual([
      'Countersign Emulator Issuing CA 01',
      'Countersign Emulator Root',
      'Countersign Emulator Second Root',
    ]);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });
});

test('every certificate under a root names an empty CRL that its issuer signed, and that is valid whenever it is read', async () => {
  const { intermediate, crossSignedRoot, root, secondRoot } = await published(EMULATOR);
  let at = AT;
  await withPublished(
    async (url) => {
      const { leaf } = await readSigner(url);
      const read = async (path: string, issuer: { readonly der: Uint8Array<ArrayBuffer> }) => {
        const { type, octets } = await fetchOctets(url + path);
        expect(type).toBe('application/pkix-crl');
        const list = pkijs.CertificateRevocationList.fromBER(new Uint8Array(octets));
        expect(list.revokedCertificates ?? []).toEqual([]);
        expect(list.thisUpdate.value.getTime()).toBeLessThanOrEqual(at);
        expect(list.nextUpdate?.value.getTime()).toBeGreaterThan(at + 3 * DAY);
        expect(await list.verify({ issuerCertificate: pkijs.Certificate.fromBER(issuer.der) })).toBe(true);
      };
      const path = (der: Uint8Array) => new URL(addresses(der, OID.crl)[0] ?? '').pathname;
      for (const later of [0, 100 * DAY]) {
        at = AT + later;
        await read(path(leaf.raw), intermediate);
        await read(path(intermediate.der), root);
        await read(path(crossSignedRoot.der), secondRoot);
        expect(addresses(leaf.raw, OID.crl)).toHaveLength(2);
        await read(new URL(addresses(leaf.raw, OID.crl)[1] ?? '').pathname, intermediate);
      }
    },
    () => at,
  );
});

test('roots may sign for the emulator’s names alone, and say so critically', async () => {
  const { root, secondRoot } = await published(EMULATOR);
  for (const { der } of [root, secondRoot]) {
    const { extensions = [] } = pkijs.Certificate.fromBER(der);
    const found = extensions.find(({ extnID }) => extnID === OID.nameConstraints);
    expect(found?.critical).toBe(true);
    const constraints = found?.parsedValue as pkijs.NameConstraints;
    expect(constraints.permittedSubtrees?.map(({ base }) => base.value as unknown)).toEqual(['metadata.emulator.test']);
    expect(addresses(der, OID.issuers)).toEqual([]);
  }
});

test('the same keys, time and address make the same certificates; another address does not', async () => {
  const [one, two, other] = await Promise.all([published(EMULATOR), published(EMULATOR), published('http://[::1]:1')]);
  expect(two.pem).toBe(one.pem);
  expect(other.root.pem).toBe(one.root.pem);
  expect(other.intermediate.pem).not.toBe(one.intermediate.pem);
});

test('the verifier takes such a document, with either root', async () => {
  await withPublished(async (url) => {
    const { document } = await readSigner(url);
    const { root, secondRoot, crossSignedRoot, intermediate, domain } = await published(url);
    const policy = { acceptedClouds: [domain], requiredClaims: ['vmId'], maximumAge: null, clockSkew: 0 } as const;
    for (const chain of [
      [root, intermediate],
      [secondRoot, crossSignedRoot, intermediate],
    ]) {
      const trust = createAdHocTrust(chain.map(({ pem }) => pem).join(''), domain);
      const acceptedClouds = trust.domains.map(({ name }) => name);
      const found = verifyEvidence(document.toString('base64'), {
        trust,
        policy: { ...policy, acceptedClouds },
        at: AT,
      });
      expect(found).toMatchObject({ accepted: true });
    }
  });
});

test('what is not published is not found', async () => {
  await withPublished(async (url) => {
    expect((await get({ url }, '/pkiops/certs/other.crt')).status).toBe(404);
  });
});
