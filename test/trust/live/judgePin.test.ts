import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { judgePin } from '../../../src/trust/live/judgePin.ts';
import { addOperatorTrust } from '../../../src/trust/live/operatorTrust.ts';
import { readNodeRoots } from '../../../src/trust/nodeRoots.ts';
import { writePem } from '../../../src/trust/pem.ts';
import { pinCertificate } from '../../../src/trust/pin.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const YEAR = 365 * 24 * 60 * 60 * 1000;
const CLOUD = 'emulator';
const own = await createAuthority({ at: AT, keys: runKeys('emulator') });
const other = await createAuthority({
  at: AT,
  names: { root: 'Other Root', secondRoot: 'Other Two', intermediate: 'Other CA' },
  keys: runKeys('other'),
});

const root = parseCertificate(own.root.der);
const material = {
  manifests: [{ cloud: CLOUD, domain: own.domain, pins: [pinCertificate(root, 'root')] }],
  certificates: new Map([[root.sha256, root]]),
};

const judge = (der: Uint8Array, newAnchor = false, at = AT) =>
  judgePin({ cloud: CLOUD, pem: writePem(der), newAnchor }, material, at);

test('an intermediate under a pinned root is taken as one', () => {
  expect(judge(own.intermediate.der)).toMatchObject({ ok: true, role: 'intermediate' });
});

test('a root that is pinned already, or that Node.js brings along, is taken', () => {
  expect(judge(own.root.der)).toMatchObject({ ok: true, role: 'root' });
  const known = readNodeRoots().find((der) => parseCertificateOrNull(der)?.commonName === 'DigiCert Global Root G2');
  if (known === undefined) throw new Error('Node.js brings it along.');
  expect(judge(known)).toMatchObject({ ok: true, role: 'root' });
});

function parseCertificateOrNull(der: Uint8Array) {
  try {
    return parseCertificate(der);
  } catch {
    return null;
  }
}

test('what nothing trusted leads to is refused, unless the operator vouches for it', () => {
  for (const certificate of [other.root, other.intermediate, other.crossSignedRoot]) {
    expect(judge(certificate.der)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('newAnchor') as string,
    });
    expect(judge(certificate.der, true)).toMatchObject({ ok: true });
  }
});

test('what another cloud trusts vouches for nothing here', async () => {
  const elsewhere = await createAuthority({
    ...{ at: AT, domain: 'metadata.elsewhere.test' },
    names: { root: 'Elsewhere Root', secondRoot: 'Elsewhere Two', intermediate: 'Elsewhere CA' },
  });
  const { facts, der } = elsewhere.root;
  const entry = { kind: 'pin', cloud: 'Elsewhere', sha256: facts.sha256, role: 'root', der, note: '' } as const;
  const base = {
    ...material,
    manifests: [...material.manifests, { cloud: 'Elsewhere', domain: elsewhere.domain, pins: [] }],
  };
  const both = addOperatorTrust(base, [entry]).material;
  const judgeFor = (cloud: string, der: Uint8Array) =>
    judgePin({ cloud, pem: writePem(der), newAnchor: false }, both, AT);
  for (const ca of [elsewhere.root, elsewhere.intermediate]) {
    expect(judgeFor('Elsewhere', ca.der)).toMatchObject({ ok: true });
    expect(judgeFor(CLOUD, ca.der)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('this cloud') as string,
    });
  }
});

test('a pin without its certificate is given one', () => {
  const certificates = new Map();
  const request = { cloud: CLOUD, pem: writePem(own.root.der), newAnchor: false };
  expect(judgePin(request, { ...material, certificates }, AT)).toMatchObject({ ok: true, role: 'root' });
  const manifests = [{ cloud: CLOUD, domain: own.domain, pins: [] }];
  expect(judgePin(request, { manifests, certificates }, AT)).toMatchObject({ ok: false });
});

test('an intermediate with the name of a trusted root’s child, signed by another key, is refused', async () => {
  const impostor = await createAuthority({ at: AT, keys: runKeys('impostor') });
  expect(judge(impostor.intermediate.der)).toMatchObject({ ok: false });
});

test('what no document could be signed under is refused, whatever the operator says', async () => {
  const leaf = await own.issueLeaf();
  expect(judge(leaf.der, true)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('not a CA') as string,
  });
  const weak = await createAuthority({ at: AT, keyKind: 'p-256' });
  expect(judge(weak.root.der, true)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('RSA') as string,
  });
  expect(judge(own.root.der, true, AT + 60 * YEAR)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('not valid today') as string,
  });
});

test.each([
  [15, { ok: true }],
  [16, { ok: false, reason: 'The certificate has more than 16 KiB.' }],
])(
  'a CA certificate with an extension of %i KiB is judged as one that the store can or cannot keep',
  async (size, judgement) => {
    const large = await own.issue({
      ...{ subject: 'CN=Large Root', keys: own.root.keys, notBefore: AT - YEAR, notAfter: AT + YEAR },
      ...{ keyUsage: ['keyCertSign'], basicConstraints: { ca: true } },
      moreExtensions: [{ oid: '1.2.3.4', critical: false, value: new Uint8Array(size * 1024) }],
    });
    expect(judge(large.der, true)).toMatchObject(judgement);
  },
);

test('a distrusted certificate is not pinned', () => {
  const entries = [{ kind: 'distrust', sha256: parseCertificate(own.intermediate.der).sha256, note: '' }] as const;
  const { material: distrusting } = addOperatorTrust(material, entries);
  const request = { cloud: CLOUD, pem: writePem(own.intermediate.der), newAnchor: true };
  expect(judgePin(request, distrusting, AT)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('distrusted') as string,
  });
});

test.each([
  ['nothing', ''],
  ['two certificates', writePem(own.root.der) + writePem(own.intermediate.der)],
  ['broken base64', '-----BEGIN CERTIFICATE-----\nAB*D\n-----END CERTIFICATE-----\n'],
  ['no certificate', writePem(Buffer.from('hello'))],
])('%s is refused', (_, pem) => {
  expect(judgePin({ cloud: CLOUD, pem, newAnchor: true }, material, AT)).toMatchObject({ ok: false });
});
