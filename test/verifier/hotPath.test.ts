import { beforeAll, expect, test } from 'vitest';
import { documentContent } from '../../src/emulator/documents/documentContent.ts';
import { BUILT_IN_VMS } from '../../src/emulator/vms/builtInVms.ts';
import { nameSigner } from '../../src/emulator/documents/documentChanges.ts';
import { AT, DAY, NONCE, SECOND, pinsOf, read } from '../../src/emulator/vectors/scene.ts';
import { createScene, createTrust, judge, verdict, warm } from './scene.ts';
import type { Offer, Scene } from '../../src/emulator/vectors/scene.ts';

/** What may not differ between a leaf that was verified before and one that was not. */

let scene: Scene;

beforeAll(async () => {
  scene = await createScene();
});

/** The document of a VM that asks at another time. */
function madeAt(at: number): Offer {
  const vm = BUILT_IN_VMS[0].compute;
  return {
    at,
    evidence: scene.make({ content: documentContent({ vm, apiVersion: '2025-04-07', createdOn: at, nonce: NONCE }) }),
  };
}

const pathOf = (offer: Offer, trust: ReturnType<typeof createTrust>) =>
  judge(scene, offer, trust).checks.find(({ name }) => name === 'path')?.detail;

test('a leaf that was verified is kept, and not made anew', () => {
  const trust = warm(scene, createTrust(scene));
  const { sha256 } = read(scene.leaf);
  const known = trust.verifiedLeaves.get(sha256);
  expect(known).toMatchObject({ region: 'eastus', domain: { name: 'AzurePublicCloud' } });
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
  expect(trust.verifiedLeaves.get(sha256)).toBe(known);
});

test('issuer and serial number in the SignerInfo are compared for a known leaf too', async () => {
  const trust = warm(scene, createTrust(scene));
  const [sibling, stranger] = [await scene.authority.issueLeaf(), await scene.stranger.issueLeaf()];
  for (const other of [sibling, stranger]) {
    const evidence = scene.make({ change: nameSigner(other) });
    expect(verdict(judge(scene, { evidence }, trust))).toBe('signer: signer_unexpected');
  }
});

test('a cloud that is no longer accepted is refused for a known leaf too', () => {
  const trust = warm(scene, createTrust(scene));
  expect(verdict(judge(scene, { policy: { acceptedClouds: [] } }, trust))).toBe('cloud: cloud_not_accepted');
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
});

test('at a time outside the path’s window the path is searched anew: there may be another', async () => {
  const { authority } = scene;
  const { root, crossSignedRoot, secondRoot, intermediate } = authority;
  const basicConstraints = { ca: true };
  const { subject, keys } = root;
  const short = await authority.issue({ subject, keys, notBefore: AT - DAY, notAfter: AT + DAY, basicConstraints });
  const trust = createTrust(scene, {
    anchors: [short, secondRoot].map(read),
    intermediates: [crossSignedRoot, intermediate].map(read),
  });
  const direct = /Issuing CA 01 < Countersign Emulator Root$/;
  const crossed = /Issuing CA 01 < Countersign Emulator Root < Countersign Emulator Second Root$/;
  expect(pathOf({}, trust)).toMatch(direct);
  expect(pathOf(madeAt(AT + DAY), trust)).toMatch(direct);
  expect(pathOf(madeAt(AT + DAY + SECOND), trust)).toMatch(crossed);
  // The path that was found last is the one that is kept; it covers the first time as well.
  expect(pathOf({}, trust)).toMatch(crossed);
  expect(trust.verifiedLeaves.size).toBe(1);
});

test('a known leaf is refused when its time is over, and accepted again for a time within it', () => {
  const trust = warm(scene, createTrust(scene));
  const end = read(scene.leaf).notAfter;
  expect(verdict(judge(scene, madeAt(end), trust))).toBe('accepted');
  expect(verdict(judge(scene, madeAt(end + SECOND), trust))).toBe('path: certificate_expired');
  expect(verdict(judge(scene, madeAt(read(scene.leaf).notBefore - SECOND), trust))).toBe(
    'path: certificate_not_yet_valid',
  );
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
});

test('a leaf that fails a check before it is known never is', async () => {
  const trust = createTrust(scene);
  const refused = [
    scene.make({ keys: scene.twin.keys }),
    scene.make({ leaf: scene.twin }),
    scene.make({ leaf: await scene.authority.issueLeaf({ extendedKeyUsage: undefined }) }),
  ];
  for (const evidence of refused) expect(judge(scene, { evidence }, trust).accepted).toBe(false);
  expect(trust.verifiedLeaves.size).toBe(0);
});

test('pins that change make another trust object, and no leaf goes with them', () => {
  warm(scene, createTrust(scene));
  const { anchors, intermediates } = pinsOf(scene.authority);
  const distrusted = new Set([read(scene.leaf).sha256]);
  const next = createTrust(scene, { anchors, intermediates, distrusted });
  expect(verdict(judge(scene, {}, next))).toBe('path: certificate_distrusted');
});

test('the twin of a known leaf is another leaf', () => {
  const trust = warm(scene, createTrust(scene));
  const evidence = scene.make({ leaf: scene.twin });
  expect(verdict(judge(scene, { evidence }, trust))).toBe('path: issuer_unknown');
  const signedByTwin = scene.make({ keys: scene.twin.keys });
  expect(verdict(judge(scene, { evidence: signedByTwin }, trust))).toBe('signature: signature_invalid');
});
