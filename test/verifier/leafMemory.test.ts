import { expect, test } from 'vitest';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { createScene, createTrust, judge } from './scene.ts';

test('a known leaf keeps its own octets alive, not the message or a pool that they were read from', async () => {
  const scene = await createScene();
  const trust = createTrust(scene);
  // Buffer.from takes its memory from Node's pool.
  for (const evidence of [Buffer.from(scene.genuine), Buffer.from(scene.genuine).toString('base64')]) {
    expect(judge(scene, { evidence }, trust).accepted).toBe(true);
  }
  const { sha256 } = parseCertificate(scene.leaf.der);
  const der = trust.verifiedLeaves.get(sha256)?.certificate.der;
  expect(der?.length).toBe(scene.leaf.der.length);
  expect(der?.buffer.byteLength).toBe(der?.length);
});
