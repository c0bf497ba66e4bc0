import { withIndefiniteLength, withTrailingOctet } from '../documents/berForms.ts';
import {
  alterContent,
  alterSignature,
  emptySignature,
  nameSignerByKey,
  removeCertificates,
  removeSigners,
  type DocumentChange,
} from '../documents/documentChanges.ts';
import type { Fault } from './fault.ts';
import { usualAttributes } from '../documents/signedAttributes.ts';

/** Messages that are not what they claim to be, or not in the shape that Azure gives them. */
export const MESSAGE_FAULTS = {
  'altered-content': {
    does: 'alters the vmId after signing',
    leadsTo: 'signature_invalid',
    document: changed(alterContent),
  },
  'altered-signature': {
    does: 'alters the signature',
    leadsTo: 'signature_invalid',
    document: changed(alterSignature),
  },
  'empty-signature': {
    does: 'leaves the signature empty',
    leadsTo: 'signature_invalid',
    document: changed(emptySignature),
  },
  'no-signer': { does: 'leaves the signer out', leadsTo: 'document_unsupported', document: changed(removeSigners) },
  'two-signers': {
    does: 'signs twice, both times rightly',
    leadsTo: 'document_unsupported',
    document: (document) => ({ ...document, signers: [document, document] }),
  },
  'signer-by-key': {
    does: 'names the signer by a key identifier',
    leadsTo: 'document_unsupported',
    document: changed(nameSignerByKey(new Uint8Array(20))),
  },
  'no-certificate': {
    does: 'leaves the certificate out',
    leadsTo: 'signer_unexpected',
    document: changed(removeCertificates),
  },
  'two-certificates': {
    does: 'sends the certificate twice',
    leadsTo: 'signer_unexpected',
    document: (document) => ({ ...document, certificates: [document.leaf, document.leaf] }),
  },
  'signed-attributes': {
    does: 'signs attributes in place of the content, as most CMS programs do and Azure does not',
    leadsTo: 'document_unsupported',
    document: (document) => ({ ...document, signedAttributes: usualAttributes }),
  },
  'weak-digest': {
    does: 'signs with SHA-1, and says so',
    leadsTo: 'document_unsupported',
    document: (document) => ({ ...document, scheme: 'rsa-sha1', digestOid: '1.3.14.3.2.26' }),
  },
  'indefinite-length': {
    does: 'writes a length that BER allows and DER does not',
    leadsTo: 'document_malformed',
    form: withIndefiniteLength('signedData'),
  },
  'trailing-octet': {
    does: 'adds an octet after the document',
    leadsTo: 'document_malformed',
    form: withTrailingOctet,
  },
  'standard-digest-oid': {
    does: 'names SHA-256 as the digest algorithm in place of Azure’s identifier, which is right as well',
    leadsTo: null,
    document: (document) => ({ ...document, digestOid: 'standard' }),
  },
} as const satisfies Record<string, Fault>;

function changed(change: DocumentChange): NonNullable<Fault['document']> {
  return (document) => ({ ...document, change });
}
