import type { EvidenceCode, LicenceCode } from '../../contract/codes.ts';
import type { Authority, LeafChange } from '../authority/authority.ts';
import type { BerForm } from '../documents/berForms.ts';
import type { ContentRequest } from '../documents/documentContent.ts';
import type { IssuedCertificate } from '../authority/issueCertificate.ts';
import type { DocumentDescription } from '../documents/signDocument.ts';

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

/** One change to the valid document that the emulator would otherwise answer with; each member is a step of making it. */
export interface Fault {
  /** What the emulator does, as the end of a sentence that begins with it. */
  readonly does: string;
  /** The code that Countersign answers to such a document; `null` where there is no document, or nothing wrong with it. */
  readonly leadsTo: EvidenceCode | LicenceCode | null;
  readonly content?: (content: ContentRequest) => ContentRequest;
  /** Of the JSON. */
  readonly text?: (json: string) => string;
  readonly leaf?: (source: LeafSource) => Promise<IssuedCertificate>;
  readonly document?: (document: DocumentDescription) => DocumentDescription;
  /** Of the DER. */
  readonly form?: BerForm;
}
