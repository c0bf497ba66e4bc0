import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { documentContent } from '../../src/emulator/documents/documentContent.ts';
import { createDocumentTemplate } from '../../src/emulator/documents/documentTemplate.ts';
import type { IssuedCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import type { EvidencePolicy } from '../../src/verifier/appraise.ts';
import type { VerifyOptions } from '../../src/verifier/verifyEvidence.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { Trust } from '../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../src/verifier/x509/trustedCertificates.ts';
import { SUBSCRIPTION, VM_ID } from '../support/licensing.ts';
import { expectedDocuments, hasShared, readSharedText } from '../support/shared.ts';
import { createSharedTrust } from '../support/sharedTrust.ts';
import { publicExtensions } from './publicExtensions.ts';

/** A document and what it is verified by. */
export interface Subject {
  readonly octets: Uint8Array;
  /** The same in base64, as the service is given it. */
  readonly text: string;
  /** The trust in them has an empty cache when the subject is made. */
  readonly options: VerifyOptions;
}

/** What the emulator's authority has signed, and the means to sign more. */
export interface EmulatedSubject extends Subject {
  readonly authority: Authority;
  readonly leaf: IssuedCertificate;
  /** The content that the document signs. */
  readonly content: Uint8Array;
}

const MINUTE = 60_000;
const AT = Date.UTC(2026, 6, 1, 12);
const NONCE = 'BENCHMARKBENCHMARKBENCHMARK00000';

/** What the service asks of evidence. */
const POLICY: EvidencePolicy = {
  acceptedClouds: ['AzurePublicCloud'],
  requiredClaims: ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'],
  maximumAge: 5 * MINUTE,
  clockSkew: 2 * MINUTE,
};

/** A document in production's form: RSA-2048 leaf, intermediate and roots as long as the genuine ones, a root cross-signed. */
export async function createSubject(caBits: 2048 | 4096): Promise<EmulatedSubject> {
  const authority = await createAuthority({ domain: AZURE_CLOUDS.AzurePublicCloud, at: AT, keyKind: `rsa-${caBits}` });
  const leaf = await authority.issueLeaf({ moreExtensions: publicExtensions() });
  const content = Buffer.from(JSON.stringify(createContent()));
  const octets = createDocumentTemplate(leaf)(content);
  const options = { trust: createTrust(authority), policy: POLICY, nonce: NONCE, at: AT };
  return { octets, text: toBase64(octets), options, authority, leaf, content };
}

function createContent() {
  const plan = { publisher: 'contoso', product: 'firewall', name: 'pro' };
  const vm = { vmId: VM_ID, subscriptionId: SUBSCRIPTION, sku: 'Gen2', licenseType: '', plan };
  return documentContent({ vm, apiVersion: '2025-04-07', createdOn: AT - MINUTE, nonce: NONCE });
}

/** The authority's certificates, pinned for each of Azure's clouds. */
export function createTrust({ root, secondRoot, crossSignedRoot, intermediate }: Authority): Trust {
  const certificates = new TrustedCertificates({
    anchors: [root, secondRoot].map(({ der }) => parseCertificate(der)),
    intermediates: [crossSignedRoot, intermediate].map(({ der }) => parseCertificate(der)),
  });
  const clouds = Object.entries(AZURE_CLOUDS);
  const domains = clouds.map(([name, domain]) => ({ name, domain, isPinned: true, certificates }));
  return new Trust(domains, 'bench');
}

/** The same trust, with an empty cache. */
export function forgetLeaves({ domains, version }: Trust): Trust {
  return new Trust(domains, version);
}

/** The newest genuine document, where the reference data is at hand. */
export function readGenuineSubject(): Subject | null {
  if (!hasShared) return null;
  const newest = expectedDocuments()
    .filter(({ expect }) => expect === 'accept')
    .sort((left, right) => Date.parse(right.at) - Date.parse(left.at))[0];
  if (newest === undefined) return null;
  const octets = Buffer.from(readSharedText('attested-documents', newest.file), 'base64');
  const policy = { ...POLICY, requiredClaims: ['vmId', 'timeStamp'], maximumAge: null } as const;
  const options = { trust: createSharedTrust(), policy, at: Date.parse(newest.at) };
  return { octets, text: toBase64(octets), options };
}

export function toBase64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}
