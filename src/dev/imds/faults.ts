import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { EvidenceCode, LicenceCode } from '../../contract/codes.ts';
import type { Authority, LeafChange } from './authority.ts';
import { alterContent, alterSignature } from './documentChanges.ts';
import type { ContentRequest } from './documentContent.ts';
import type { IssuedCertificate } from './issueCertificate.ts';
import { usualAttributes } from './signedAttributes.ts';
import type { DocumentDescription } from './signDocument.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** What can be made to go wrong at the emulator. */
export const FAULT_NAMES = [
  'wrong-signer',
  'expired',
  'future',
  'too-old',
  'old-nonce',
  'altered-content',
  'altered-signature',
  'empty-plan',
  'missing-fields',
  'wrong-name',
  'other-cloud',
  'two-signers',
  'signed-attributes',
  'expired-certificate',
  'standard-digest-oid',
  'slow',
  'gone',
  'not-found',
  'too-many',
  'error',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

/** From where a document's signing certificate can come. */
export interface LeafSource {
  readonly authority: Authority;
  /** An authority that nobody pinned, under CA names of its own. */
  readonly stranger: () => Promise<Authority>;
  /** What the emulator would state of the leaf: its region, and its validity. */
  readonly usual: LeafChange;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One change to the valid document that the emulator would otherwise answer with. */
export interface DocumentFault {
  readonly content?: (content: ContentRequest) => ContentRequest;
  readonly leaf?: (source: LeafSource) => Promise<IssuedCertificate>;
  readonly document?: (document: DocumentDescription) => DocumentDescription;
}

export interface Fault extends DocumentFault {
  readonly does: string;
  /** The code that Countersign answers to such a document; `null` where there is no document, or nothing wrong with it. */
  readonly leadsTo: EvidenceCode | LicenceCode | null;
}

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'wrong-signer': {
    does: 'signs under an authority that nobody has pinned',
    leadsTo: 'issuer_unknown',
    leaf: async ({ stranger, usual }) => (await stranger()).issueLeaf(usual),
  },
  expired: {
    does: 'answers with a document that ended six hours ago',
    leadsTo: 'document_expired',
    content: (content) => ({ ...content, createdOn: content.createdOn - 12 * HOUR }),
  },
  future: {
    does: 'answers with a document that begins in an hour',
    leadsTo: 'document_not_yet_valid',
    content: (content) => ({ ...content, createdOn: content.createdOn + HOUR }),
  },
  'too-old': {
    does: 'answers with a document that is valid, but an hour old',
    leadsTo: 'document_too_old',
    content: (content) => ({ ...content, createdOn: content.createdOn - HOUR }),
  },
  'old-nonce': {
    does: 'answers the first request with each nonce with the nonce before it, from its cache',
    leadsTo: 'nonce_mismatch',
  },
  'altered-content': {
    does: 'alters the vmId after signing',
    leadsTo: 'signature_invalid',
    document: (document) => ({ ...document, change: alterContent }),
  },
  'altered-signature': {
    does: 'alters the signature',
    leadsTo: 'signature_invalid',
    document: (document) => ({ ...document, change: alterSignature }),
  },
  'empty-plan': {
    does: 'attests no plan, as for an image that is not from the Marketplace',
    leadsTo: 'plan_missing',
    content: (content) => ({ ...content, vm: { ...content.vm, plan: { name: '', product: '', publisher: '' } } }),
  },
  'missing-fields': {
    does: 'answers as api-version 2018-10-01, without subscriptionId, sku and licenseType',
    leadsTo: 'claim_missing',
    content: (content) => ({ ...content, apiVersion: '2018-10-01' }),
  },
  'wrong-name': {
    does: 'signs with a certificate for a name that only begins like the right one',
    leadsTo: 'signer_unexpected',
    leaf: ({ authority, usual }) =>
      authority.issueLeaf({ ...usual, names: domainNames(`${authority.domain}.example`) }),
  },
  'other-cloud': {
    does: 'signs with a certificate for the name of Azure China',
    leadsTo: 'cloud_not_accepted',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, names: domainNames(AZURE_CLOUDS.AzureChinaCloud) }),
  },
  'two-signers': {
    does: 'signs twice, both times rightly',
    leadsTo: 'document_unsupported',
    document: (document) => ({ ...document, signers: [document, document] }),
  },
  'signed-attributes': {
    does: 'signs attributes in place of the content, as most CMS programs do and Azure does not',
    leadsTo: 'document_unsupported',
    document: (document) => ({ ...document, signedAttributes: usualAttributes }),
  },
  'expired-certificate': {
    does: 'signs with a certificate that ended an hour ago',
    leadsTo: 'certificate_expired',
    leaf: ({ authority, usual, at }) =>
      authority.issueLeaf({ ...usual, notBefore: at - 180 * DAY, notAfter: at - HOUR }),
  },
  'standard-digest-oid': {
    does: 'names SHA-256 as the digest algorithm in place of Azure’s identifier, which is right as well',
    leadsTo: null,
    document: (document) => ({ ...document, digestOid: 'standard' }),
  },
  slow: { does: 'answers after five seconds', leadsTo: null },
  gone: { does: 'answers 410 for ten seconds from the first request on', leadsTo: null },
  'not-found': { does: 'answers 404', leadsTo: null },
  'too-many': { does: 'answers 429', leadsTo: null },
  error: { does: 'answers 500', leadsTo: null },
};

export function isFaultName(text: string): text is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(text);
}

function domainNames(domain: string) {
  return [
    { type: 'dns' as const, value: `eastus.${domain}` },
    { type: 'dns' as const, value: domain },
  ];
}
