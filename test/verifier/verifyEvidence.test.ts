import { X509Certificate, createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import type { LeafChange } from '../../src/emulator/authority/authority.ts';
import { BUILT_IN_VMS } from '../../src/emulator/vms/builtInVms.ts';
import {
  DOCUMENT_LIMITS,
  MAX_DOCUMENT_OCTETS,
  readUnverified,
  verifyEvidence,
} from '../../src/verifier/verifyEvidence.ts';
import * as ber from '../../src/emulator/documents/berForms.ts';
import { encodeElement } from '../../src/emulator/documents/der.ts';
import { saying, signedBy } from '../../src/emulator/vectors/mutation.ts';
import { AT, CREATED_ON, MINUTE, NONCE, POLICY, SECOND, read } from '../../src/emulator/vectors/scene.ts';
import type { Offer, Scene } from '../../src/emulator/vectors/scene.ts';
import { VARIANTS } from '../../src/emulator/vectors/variants.ts';
import { createScene, createTrust, judge, verdict } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await createScene();
});

const DOMAIN = AZURE_CLOUDS.AzurePublicCloud;
const vm = BUILT_IN_VMS[0].compute;
const { vmId } = vm;
const named = (...names: readonly string[]): LeafChange => ({ names: names.map((value) => ({ type: 'dns', value })) });
test.each(VARIANTS)('accepted: $name', async ({ offer, result }) => {
  const trust = createTrust(scene);
  const changed = await offer(scene);
  for (const temperature of ['cold', 'warm']) {
    const verification = judge(scene, changed, trust);
    expect(verification.accepted && verification.result, temperature).toEqual(result);
    expect(trust.verifiedLeaves.size).toBe(1);
  }
});

test('a document as old as the policy allows, skew included, is accepted; a second later it is too old', () => {
  const trust = createTrust(scene);
  expect(verdict(judge(scene, { at: CREATED_ON + 7 * MINUTE }, trust))).toBe('accepted');
  expect(verdict(judge(scene, { at: CREATED_ON + 7 * MINUTE + SECOND }, trust))).toBe('time: document_too_old');
});

test('a classic VM says its vmId alone: enough for those who ask for no more', async () => {
  const { evidence = '' } = await saying(({ timeStamp }) => ({ vmId, timeStamp }))(scene);
  const policy = { ...POLICY, requiredClaims: ['vmId', 'timeStamp'] as const };
  const verification = verifyEvidence(evidence, { trust: createTrust(scene), policy, at: AT });
  const nothing = { subscriptionId: null, sku: null, licenseType: null, plan: null, nonce: null };
  expect(verification).toMatchObject({ accepted: true, result: { vmId, ...nothing } });
});

test('a nonce is compared only where one is given', () => {
  const verification = verifyEvidence(scene.genuine, { trust: createTrust(scene), policy: POLICY, at: AT });
  expect(verification).toMatchObject({ accepted: true, result: { nonce: NONCE } });
  expect(verification.checks.at(-1)).toEqual({ name: 'nonce', outcome: 'skipped' });
});

test('what passed is told with what an operator wants to know of it', () => {
  const trust = createTrust(scene);
  const { fingerprint256 } = new X509Certificate(scene.leaf.der);
  const signer = `SHA-256 ${fingerprint256.replaceAll(':', '').toLowerCase()}`;
  const path = `${DOMAIN} < Countersign Emulator Issuing CA 01 < Countersign Emulator Root`;
  const details = { signer, cloud: 'AzurePublicCloud, region eastus', path };
  expect(detailsOf({}, trust)).toEqual({ ...details, reading: 'pkijs and asn1js read the same' });
  expect(detailsOf({}, trust)).toEqual({ ...details, reading: 'this leaf was read twice when it was met first' });
});

test('what has no name is told all the same', async () => {
  const offer = await signedBy({ subject: 'O=Countersign', ...named(DOMAIN) })(scene);
  const { cloud, path } = detailsOf(offer, createTrust(scene));
  expect(cloud).toBe('AzurePublicCloud');
  expect(path).toMatch(/^without a common name < Countersign/);
});

function detailsOf(offer: Offer, trust: ReturnType<typeof createTrust>): Record<string, string> {
  const { checks } = judge(scene, offer, trust);
  return Object.fromEntries(checks.flatMap(({ name, detail }) => (detail === undefined ? [] : [[name, detail]])));
}

test('an unknown issuer is told by its name and key identifier, which is what an operator looks up', async () => {
  const { intermediate } = scene.stranger;
  const identified = await scene.stranger.issueLeaf();
  const keyId = new X509Certificate(intermediate.der).publicKey.export({ type: 'pkcs1', format: 'der' });
  const hex = createHash('sha1').update(keyId).digest('hex');
  const detail = detailsOf({ evidence: scene.make({ leaf: identified }) }, createTrust(scene))['path'];
  expect(detail).toBe(`no trusted CA has the name of the issuer: "Stranger Issuing CA", key identifier ${hex}`);
  const nameless = await scene.authority.issueLeaf({
    keyIdentifiers: false,
    issuer: { subject: 'O=x', keys: intermediate.keys },
  });
  const other = detailsOf({ evidence: scene.make({ leaf: nameless }) }, createTrust(scene))['path'];
  expect(other).toBe('no trusted CA has the name of the issuer: "", key identifier none');
});

function factsOf(offer: Offer, trust = createTrust(scene)): unknown {
  return judge(scene, offer, trust).checks.find(({ outcome }) => outcome === 'failed')?.facts;
}

test('a failed check carries its facts for programs: of what is trusted', async () => {
  const { intermediate } = scene.stranger;
  const keyIdentifier = read(await scene.stranger.issueLeaf()).extensions.authorityKeyIdentifier?.keyIdentifier;
  const cloud = 'AzurePublicCloud';
  expect(factsOf({ evidence: scene.make({ leaf: await scene.stranger.issueLeaf() }) })).toEqual({
    ...{ code: 'issuer_unknown', cloud, issuer: 'Stranger Issuing CA' },
    keyIdentifier: Buffer.from(keyIdentifier ?? []).toString('hex'),
  });
  const subject = { subject: 'O=x', keys: intermediate.keys };
  const nameless = await scene.authority.issueLeaf({ keyIdentifiers: false, issuer: subject });
  expect(factsOf({ evidence: scene.make({ leaf: nameless }) })).toEqual({
    ...{ code: 'issuer_unknown', cloud, issuer: null, keyIdentifier: null },
  });
  expect(factsOf({ policy: { acceptedClouds: ['AzureChinaCloud'] } })).toEqual({ code: 'cloud_not_accepted', cloud });
  const issuing = read(scene.authority.intermediate);
  const named = { cloud, name: issuing.commonName, sha256: issuing.sha256 };
  const distrusted = new Set([issuing.sha256]);
  expect(factsOf({}, createTrust(scene, { distrusted }))).toEqual({ code: 'certificate_distrusted', ...named });
  const missing = [{ commonName: issuing.commonName ?? '', sha256: issuing.sha256 }];
  expect(factsOf({}, createTrust(scene, { intermediates: [], missing }))).toEqual({
    ...{ code: 'issuer_certificate_missing', ...named },
  });
});

test('a failed check carries its facts for programs: of times and claims', () => {
  const leaf = read(scene.leaf);
  const at = leaf.notAfter + 1000;
  expect(factsOf({ at })).toEqual({
    ...{ code: 'certificate_expired', name: leaf.commonName, sha256: leaf.sha256, at },
    ...{ notBefore: leaf.notBefore, notAfter: leaf.notAfter },
  });
  const late = CREATED_ON + 8 * MINUTE;
  expect(factsOf({ at: late })).toEqual({
    ...{ code: 'document_too_old', createdOn: CREATED_ON, at: late, maximumAge: 5 * MINUTE },
  });
  const early = CREATED_ON - 10 * MINUTE;
  expect(factsOf({ at: early })).toEqual({ code: 'document_not_yet_valid', createdOn: CREATED_ON, at: early });
  const past = CREATED_ON + 7 * 60 * MINUTE;
  expect(factsOf({ at: past })).toEqual({
    ...{ code: 'document_expired', expiresOn: CREATED_ON + 6 * 60 * MINUTE, at: past },
  });
  const content = { ...scene.content, vmId: undefined };
  expect(factsOf({ evidence: scene.make({ content }) })).toEqual({ code: 'claim_missing', claim: 'vmId' });
  expect(factsOf({ evidence: 'no base64' })).toBeUndefined();
});

test('a fault of ours is no verdict: it passes', () => {
  const broken = new RangeError('out of order');
  const policy = {
    ...POLICY,
    get acceptedClouds(): never {
      throw broken;
    },
  };
  const trust = createTrust(scene);
  expect(() => verifyEvidence(scene.genuine, { trust, policy, at: AT })).toThrow(broken);
});

test('the evidence is left as it was, and nothing that is kept is a view of it', () => {
  const trust = createTrust(scene);
  const evidence = Buffer.from(scene.genuine);
  expect(verdict(judge(scene, { evidence }, trust))).toBe('accepted');
  expect(evidence.equals(scene.genuine)).toBe(true);
  evidence.fill(0);
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
  expect(trust.verifiedLeaves.size).toBe(1);
});

test('the reader’s budgets: as much as allowed is read, and no more', () => {
  const { depth, elements } = DOCUMENT_LIMITS;
  const detailFor = (evidence: Uint8Array | string) =>
    judge(scene, { evidence }, createTrust(scene)).checks.find(({ outcome }) => outcome === 'failed');
  const wide = (count: number) => encodeElement(0x30, ...Array<Uint8Array>(count - 1).fill(encodeElement(0x05)));
  expect([depth, elements, MAX_DOCUMENT_OCTETS]).toEqual([16, 1024, 16384]);
  expect(detailFor(ber.nestedSequences(depth))?.name).toBe('profile');
  expect(detailFor(ber.nestedSequences(depth + 1))).toMatchObject({
    name: 'encoding',
    detail: 'document: nested too deeply',
  });
  expect(detailFor(wide(elements))?.name).toBe('profile');
  expect(detailFor(wide(elements + 1))).toMatchObject({ name: 'encoding', detail: 'document: too many elements' });
  const filled = (octets: number) => encodeElement(0x30, encodeElement(0x04, new Uint8Array(octets - 8)));
  expect(filled(MAX_DOCUMENT_OCTETS)).toHaveLength(MAX_DOCUMENT_OCTETS);
  expect(detailFor(filled(MAX_DOCUMENT_OCTETS))?.name).toBe('profile');
  expect(detailFor(filled(MAX_DOCUMENT_OCTETS + 1))?.name).toBe('size');
});

test('what a document says is read without a verdict, and what is none says nothing', () => {
  expect(readUnverified(scene.genuine)).toMatchObject({ vmId, nonce: NONCE });
  expect(readUnverified(Buffer.from(scene.genuine).toString('base64'))).toEqual(readUnverified(scene.genuine));
  expect(readUnverified('')).toBeNull();
  expect(() => readUnverified(null as unknown as string)).toThrow(TypeError);
});
