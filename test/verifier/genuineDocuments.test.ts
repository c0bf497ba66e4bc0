import './scene.ts';
import { expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { expectedDocuments, hasShared, readSharedText } from '../support/shared.ts';
import { createSharedTrust } from '../support/sharedTrust.ts';

const policy = {
  acceptedClouds: Object.keys(AZURE_CLOUDS),
  requiredClaims: ['vmId', 'timeStamp'] as const,
  maximumAge: null,
  clockSkew: 120_000,
};

test.skipIf(!hasShared)('every genuine document is accepted, every negative refused with its code', () => {
  const trust = createSharedTrust();
  for (const { file, at, expect: verdict, code, cloud, region, content } of expectedDocuments()) {
    const evidence = readSharedText('attested-documents', file).trim();
    const first = verifyEvidence(evidence, { trust, policy, at: Date.parse(at) });
    const again = verifyEvidence(evidence, { trust, policy, at: Date.parse(at) });
    const expected =
      verdict === 'accept'
        ? { accepted: true, result: { cloud, region, vmId: content['vmId'], nonce: content['nonce'] } }
        : { accepted: false, code };
    expect(first, file).toMatchObject(expected);
    expect(again, file).toMatchObject(expected);
  }
  expect(expectedDocuments().length).toBeGreaterThan(10);
});
