import * as asn1js from 'asn1js';
import { spawnSync } from 'node:child_process';
import { verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pkijs from 'pkijs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, type Authority } from '../../../src/emulator/authority/authority.ts';
import type { IssuedCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import { usualAttributes } from '../../../src/emulator/documents/signedAttributes.ts';
import { createSignerInfo, signDocument } from '../../../src/emulator/documents/signDocument.ts';
import { hasShared, readSharedText } from '../../support/shared.ts';
import { runsOpenssl } from '../../support/programs.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const CONTENT = { nonce: '1234567890', vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6' };

let authority: Authority;
let leaf: IssuedCertificate;
const folder = mkdtempSync(join(tmpdir(), 'countersign-'));

beforeAll(async () => {
  authority = await createAuthority({ at: AT, keys: runKeys('emulator') });
  leaf = await authority.issueLeaf();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Tags and object identifiers, without what differs from one document to the next. */
function treeOf(block: asn1js.BaseBlock): unknown {
  if (block instanceof asn1js.ObjectIdentifier) return block.getValue();
  const { tagClass, tagNumber } = block.idBlock;
  const children = block instanceof asn1js.Constructed ? block.valueBlock.value.map(treeOf) : [];
  return [`${tagClass}/${tagNumber}`, block.idBlock.isConstructed, ...children];
}

function readSignedData(der: Uint8Array): pkijs.SignedData {
  const contentInfo = pkijs.ContentInfo.fromBER(new Uint8Array(der));
  return new pkijs.SignedData({ schema: contentInfo.content });
}

/** The tree with the certificate taken out, and the issuer's name in the SignerInfo: those are the CA's. */
function shapeOf(der: Uint8Array): unknown {
  const signedData = readSignedData(der);
  expect(signedData.certificates).toHaveLength(1);
  signedData.certificates = [];
  for (const signer of signedData.signerInfos) {
    const sid = signer.sid as pkijs.IssuerAndSerialNumber;
    sid.issuer = new pkijs.RelativeDistinguishedNames();
  }
  return treeOf(signedData.toSchema() as asn1js.BaseBlock);
}

test.skipIf(!hasShared).each(['02-public-2019-12-westus', '19-public-2026-06-eastus-g2'])(
  'a document has the same tree as genuine document %s',
  (name) => {
    const genuine = Buffer.from(readSharedText('attested-documents', `${name}.b64`), 'base64');
    expect(shapeOf(signDocument({ content: CONTENT, leaf }))).toEqual(shapeOf(genuine));
    const standard = signDocument({ content: CONTENT, leaf, digestOid: 'standard' });
    expect(shapeOf(standard)).not.toEqual(shapeOf(genuine));
  },
);

test('the signature is RSASSA-PKCS1-v1_5 with SHA-256 over the content alone', () => {
  const [signer] = readSignedData(signDocument({ content: CONTENT, leaf })).signerInfos;
  const octets = Buffer.from(JSON.stringify(CONTENT));
  const signature = signer?.signature.valueBlock.valueHexView ?? new Uint8Array();
  const key = new X509Certificate(leaf.der).publicKey;
  expect(verify('sha256', octets, key, signature)).toBe(true);
  octets[0] = 0x20;
  expect(verify('sha256', octets, key, signature)).toBe(false);
});

test('the leaf comes along unchanged, and nothing else does', () => {
  const der = signDocument({ content: CONTENT, leaf });
  const { certificates } = readSignedData(der);
  expect(certificates?.map((each) => Buffer.from(each.toSchema().toBER()).toString('hex'))).toEqual([
    Buffer.from(leaf.der).toString('hex'),
  ]);
});

/** An independent reader, where there is one. */
const OPENSSL = 'openssl';

/** @returns the content, or what openssl has against the document */
function openssl(der: Uint8Array): string {
  writeFileSync(join(folder, 'document.der'), der);
  writeFileSync(join(folder, 'authority.pem'), authority.pem);
  const at = ['-attime', String(AT / 1000), '-purpose', 'any'];
  const files = ['-in', join(folder, 'document.der'), '-CAfile', join(folder, 'authority.pem')];
  const run = spawnSync(OPENSSL, ['cms', '-verify', '-inform', 'DER', '-binary', ...files, ...at], {
    encoding: 'utf8',
  });
  return run.status === 0 ? run.stdout : run.stderr;
}

test.skipIf(!runsOpenssl)('openssl accepts a document with the standard digest algorithm', () => {
  expect(openssl(signDocument({ content: CONTENT, leaf, digestOid: 'standard' }))).toBe(JSON.stringify(CONTENT));
});

test.skipIf(!runsOpenssl)('openssl refuses a document of another authority', async () => {
  const other = await createAuthority({
    at: AT,
    names: { intermediate: 'Another Issuing CA' },
    keys: runKeys('other'),
  });
  const document = signDocument({ content: CONTENT, leaf: await other.issueLeaf(), digestOid: 'standard' });
  expect(openssl(document)).toContain('unable to get local issuer certificate');
});

test.skipIf(!runsOpenssl)('openssl accepts signed attributes, which production does not use', () => {
  const document = signDocument({ content: CONTENT, leaf, digestOid: 'standard', signedAttributes: usualAttributes });
  expect(readSignedData(document).signerInfos[0]?.signedAttrs?.attributes).toHaveLength(2);
  expect(openssl(document)).toBe(JSON.stringify(CONTENT));
});

test('other signers, certificates and changes are written as described', async () => {
  const second = await authority.issueLeaf({ region: 'westus' });
  const document = signDocument({
    content: 'as it is',
    leaf,
    certificates: [second, leaf],
    signers: [{ leaf }, { leaf: second }],
    change: (signedData) => {
      signedData.version = 3;
      signedData.signerInfos.push(createSignerInfo({ leaf }, Buffer.from('something else')));
    },
  });
  const signedData = readSignedData(document);
  expect([signedData.version, signedData.certificates?.length, signedData.signerInfos.length]).toEqual([3, 2, 3]);
  expect(Buffer.from(document).includes('as it is')).toBe(true);
});

test('the algorithm named and the one used can differ', async () => {
  const keys = await authority.keys('ec', 'p-256');
  const ecLeaf = await authority.issueLeaf({ keys });
  const signatureOid = '1.2.840.10045.4.3.2';
  const document = signDocument({ content: CONTENT, leaf: ecLeaf, scheme: 'ecdsa-sha256', signatureOid });
  const [signer] = readSignedData(document).signerInfos;
  expect(signer?.signatureAlgorithm.algorithmId).toBe(signatureOid);
  const signature = signer?.signature.valueBlock.valueHexView ?? new Uint8Array();
  expect(verify('sha256', Buffer.from(JSON.stringify(CONTENT)), keys.publicKey, signature)).toBe(true);
});
