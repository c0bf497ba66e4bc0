import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import type { Verification } from '../../src/contract/attestation.ts';
import {
  AT,
  NONCE,
  POLICY,
  createVectorScene,
  pinsOf,
  type Offer,
  type Scene,
} from '../../src/emulator/vectors/scene.ts';
import { provideSecondReader } from '../../src/verifier/secondReader.ts';
import { findReadingDifference } from '../../src/verifier/secondReading.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { Trust } from '../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../src/verifier/x509/trustedCertificates.ts';
import type { TrustedCertificatesInput } from '../../src/verifier/x509/trustedCertificates.ts';
import { runKeys } from '../support/runKeys.ts';

// Loaded in its own way it would be a second instance of the reader, which the measurement of coverage cannot tell apart.
provideSecondReader(findReadingDifference);

/** All but the keys is made anew for each file of tests. */
export function createScene(): Promise<Scene> {
  return createVectorScene(runKeys);
}

/**
 * The pins of both clouds, with a cache that is empty, and certificates that no other trust has met.
 *
 * @param change of the public cloud's
 */
export function createTrust(scene: Scene, change: Partial<TrustedCertificatesInput> = {}): Trust {
  const { AzurePublicCloud, AzureChinaCloud } = AZURE_CLOUDS;
  const own = { ...pinsOf(scene.authority), ...change };
  const clouds = [
    { name: 'AzurePublicCloud', domain: AzurePublicCloud, pins: own },
    { name: 'AzureChinaCloud', domain: AzureChinaCloud, pins: pinsOf(scene.chinese) },
  ];
  const domains = clouds.map(({ name, domain, pins }) => ({
    ...{ name, domain, isPinned: true },
    certificates: new TrustedCertificates(pins),
  }));
  return new Trust(domains, 'scene');
}

/** The scene's own document, if the offer holds no other, judged as the offer says. */
export function judge(scene: Scene, offer: Offer, trust: Trust): Verification {
  const { evidence = scene.genuine, nonce = NONCE, at = AT } = offer;
  return verifyEvidence(evidence, { trust, policy: { ...POLICY, ...offer.policy }, nonce, at });
}

/** Lets the trust meet the genuine document, so that its leaf is in the cache where it is trusted at all. */
export function warm(scene: Scene, trust: Trust): Trust {
  judge(scene, {}, trust);
  return trust;
}

/** `accepted`, or the check that failed and its code. */
export function verdict(verification: Verification): string {
  const failed = verification.checks.find(({ outcome }) => outcome === 'failed');
  return verification.accepted ? 'accepted' : `${failed?.name ?? 'no check'}: ${verification.code}`;
}
