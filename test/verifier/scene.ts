import { X509Certificate } from 'node:crypto';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import type { Verification } from '../../src/contract/attestation.ts';
import { createAuthority } from '../../src/emulator/authority.ts';
import type { Authority } from '../../src/emulator/authority.ts';
import { documentContent } from '../../src/emulator/documentContent.ts';
import type { DocumentContent } from '../../src/emulator/documentContent.ts';
import type { IssuedCertificate } from '../../src/emulator/issueCertificate.ts';
import { signDocument } from '../../src/emulator/signDocument.ts';
import type { DocumentDescription } from '../../src/emulator/signDocument.ts';
import { BUILT_IN_VMS } from '../../src/emulator/builtInVms.ts';
import type { EvidencePolicy } from '../../src/verifier/appraise.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../src/verifier/x509/certificate.ts';
import { Trust } from '../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../src/verifier/x509/trustedCertificates.ts';
import type { TrustedCertificatesInput } from '../../src/verifier/x509/trustedCertificates.ts';
import { runKeys } from '../support/runKeys.ts';
import { provideSecondReader } from '../../src/verifier/secondReader.ts';
import { findReadingDifference } from '../../src/verifier/secondReading.ts';

// Loaded in its own way it would be a second instance of the reader, which the measurement of coverage cannot tell apart.
provideSecondReader(findReadingDifference);

/** When the scene plays: the document was made a minute before. */
export const AT = Date.UTC(2026, 6, 1, 12);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const CREATED_ON = AT - MINUTE;
export const NONCE = '1234567890';

/** What the service asks of evidence. */
export const POLICY: EvidencePolicy = {
  acceptedClouds: ['AzurePublicCloud'],
  requiredClaims: ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'],
  maximumAge: 5 * MINUTE,
  clockSkew: 2 * MINUTE,
};

/** Everybody who plays a part, and one document that is accepted. All of it is made anew for each file of tests. */
export interface Scene {
  /** Pinned for Azure's public cloud, in whose name it signs. */
  readonly authority: Authority;
  /** Pinned for Azure China alone. */
  readonly chinese: Authority;
  /** Not pinned. The names of its CAs are those of the first. */
  readonly impostor: Authority;
  /** Not pinned, and of names that nobody knows. */
  readonly stranger: Authority;
  readonly leaf: IssuedCertificate;
  /** The impostor's, with the leaf's issuer and serial number: only the key differs. */
  readonly twin: IssuedCertificate;
  readonly content: DocumentContent;
  readonly genuine: Uint8Array<ArrayBuffer>;
  /** The genuine document, made again with what is stated. */
  readonly make: (change: Partial<DocumentDescription>) => Uint8Array<ArrayBuffer>;
}

/** What is offered to the verifier; what is absent is the scene's own. */
export interface Offer {
  readonly evidence?: Uint8Array | string;
  /** Makes the trust; each call gives one whose cache is empty. */
  readonly trust?: () => Trust;
  readonly policy?: Partial<EvidencePolicy>;
  readonly nonce?: string;
  readonly at?: number;
}

export async function createScene(): Promise<Scene> {
  const domain = AZURE_CLOUDS.AzurePublicCloud;
  const foreign = runKeys('foreign');
  const [authority, impostor] = await Promise.all([
    createAuthority({ domain, at: AT, keys: runKeys('emulator') }),
    createAuthority({ domain, at: AT, keys: foreign }),
  ]);
  const chineseNames = { root: 'China Root', secondRoot: 'China Second Root', intermediate: 'China Issuing CA' };
  const chinese = await createAuthority({
    domain: AZURE_CLOUDS.AzureChinaCloud,
    at: AT,
    names: chineseNames,
    keys: runKeys('chinese'),
  });
  const names = { root: 'Stranger Root', secondRoot: 'Stranger Second Root', intermediate: 'Stranger Issuing CA' };
  const stranger = await createAuthority({ domain, at: AT, names, keys: foreign });
  const leaf = await authority.issueLeaf();
  const twin = await impostor.issueLeaf({ serial: new X509Certificate(leaf.der).serialNumber });
  const vm = BUILT_IN_VMS[0].compute;
  const content = documentContent({ vm, apiVersion: '2025-04-07', createdOn: CREATED_ON, nonce: NONCE });
  const make = (change: Partial<DocumentDescription>) => signDocument({ content, leaf, ...change });
  return { authority, chinese, impostor, stranger, leaf, twin, content, genuine: make({}), make };
}

/** The pins of both clouds. The change is of the public cloud's. */
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

/** A new certificate object each time, so that nothing is kept from one trust to the next. */
export function pinsOf({ root, secondRoot, crossSignedRoot, intermediate }: Authority): TrustedCertificatesInput {
  return { anchors: [root, secondRoot].map(read), intermediates: [crossSignedRoot, intermediate].map(read) };
}

export function read({ der }: Pick<IssuedCertificate, 'der'>): Certificate {
  return parseCertificate(der);
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
