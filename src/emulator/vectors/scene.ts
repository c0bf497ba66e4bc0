import { X509Certificate } from 'node:crypto';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { EvidencePolicy } from '../../verifier/appraise.ts';
import { parseCertificate, type Certificate } from '../../verifier/x509/certificate.ts';
import type { TrustedCertificatesInput } from '../../verifier/x509/trustedCertificates.ts';
import { createAuthority, type Authority } from '../authority/authority.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import { documentContent, type DocumentContent } from '../documents/documentContent.ts';
import type { IssuedCertificate } from '../authority/issueCertificate.ts';
import type { KeyRing } from '../authority/keys.ts';
import { signDocument, type DocumentDescription } from '../documents/signDocument.ts';

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

/** Everybody who plays a part, and one document that is accepted. */
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
  /** What is pinned for the public cloud, where that differs from {@link pinsOf} its authority. */
  readonly pins?: Partial<TrustedCertificatesInput>;
  readonly policy?: Partial<EvidencePolicy>;
  readonly nonce?: string;
  readonly at?: number;
}

/** @param keysOf the ring of a party; two of different names must never give the same key */
export async function createVectorScene(keysOf: (party: string) => KeyRing): Promise<Scene> {
  const domain = AZURE_CLOUDS.AzurePublicCloud;
  const foreign = keysOf('foreign');
  const [authority, impostor] = await Promise.all([
    createAuthority({ domain, at: AT, keys: keysOf('emulator') }),
    createAuthority({ domain, at: AT, keys: foreign }),
  ]);
  const chineseNames = { root: 'China Root', secondRoot: 'China Second Root', intermediate: 'China Issuing CA' };
  const chinese = await createAuthority({
    domain: AZURE_CLOUDS.AzureChinaCloud,
    at: AT,
    names: chineseNames,
    keys: keysOf('chinese'),
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

/** A new certificate object each time, so that nothing is kept from one trust to the next. */
export function pinsOf({ root, secondRoot, crossSignedRoot, intermediate }: Authority): TrustedCertificatesInput {
  return { anchors: [root, secondRoot].map(read), intermediates: [crossSignedRoot, intermediate].map(read) };
}

export function read({ der }: Pick<IssuedCertificate, 'der'>): Certificate {
  return parseCertificate(der);
}
