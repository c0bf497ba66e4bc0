import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { IssuedCertificate } from '../authority/issueCertificate.ts';

/**
 * What attackers and accidents make of a signed document, each as one change for `signDocument`. None of them signs
 * anew: whatever was signed before stays as it was.
 */
export type DocumentChange = (signedData: pkijs.SignedData) => void;

/** Several changes, one after the other. */
export function inTurn(...changes: readonly DocumentChange[]): DocumentChange {
  return (signedData) => {
    for (const change of changes) change(signedData);
  };
}

/** Another digit at the end of the vmId: the content still is JSON of the right shape. */
export const alterContent: DocumentChange = ({ encapContentInfo }) => {
  const octets = encapContentInfo.eContent?.valueBlock.valueHexView;
  // The content ends with the vmId's last digit, a quotation mark and a brace.
  const place = (octets?.length ?? 0) - 3;
  octets?.set([octets[place] === ZERO ? ZERO + 1 : ZERO], place);
};

const ZERO = 0x30;

/** Puts other octets in the content's place. */
export function replaceContent(content: Uint8Array): DocumentChange {
  return ({ encapContentInfo }) => {
    encapContentInfo.eContent = new asn1js.OctetString({ valueHex: new Uint8Array(content) });
  };
}

/** As a detached signature is: the content is elsewhere. */
export const removeContent: DocumentChange = ({ encapContentInfo }) => {
  delete encapContentInfo.eContent;
};

/** Given the octets of the first signer's signature: others to put in their place. */
export function replaceSignature(replace: (signature: Uint8Array) => Uint8Array): DocumentChange {
  return ({ signerInfos: [signer] }) => {
    if (!signer) throw new Error('there is no signer whose signature could be replaced');
    const octets = new Uint8Array(replace(signer.signature.valueBlock.valueHexView));
    signer.signature = new asn1js.OctetString({ valueHex: octets });
  };
}

/** One bit of the signature. */
export const alterSignature = replaceSignature((signature) => signature.with(0, (signature[0] ?? 0) ^ 1));
export const emptySignature = replaceSignature(() => new Uint8Array());
export const zeroSignature = replaceSignature(({ length }) => new Uint8Array(length));
/** Its first octet is gone. */
export const shortSignature = replaceSignature((signature) => signature.subarray(1));
/** A zero octet before it: the same number, in one octet more than the modulus has. */
export const longSignature = replaceSignature((signature) => Buffer.concat([Uint8Array.of(0), signature]));

export const removeSigners: DocumentChange = (signedData) => {
  signedData.signerInfos = [];
};

export const repeatSigner: DocumentChange = ({ signerInfos }) => {
  signerInfos.push(...signerInfos);
};

/** Names the signer by its key identifier (RFC 5652 section 5.3), which also asks for another version. */
export function nameSignerByKey(keyIdentifier: Uint8Array): DocumentChange {
  return ({ signerInfos }) => {
    for (const signer of signerInfos) {
      signer.version = 3;
      const idBlock = { tagClass: 3, tagNumber: 0 };
      signer.sid = new asn1js.Primitive({ idBlock, valueHex: new Uint8Array(keyIdentifier) });
    }
  };
}

/** Names another certificate's issuer and serial as the signer's. */
export function nameSigner(certificate: Pick<IssuedCertificate, 'der'>): DocumentChange {
  return ({ signerInfos }) => {
    const { issuer, serialNumber } = pkijs.Certificate.fromBER(certificate.der);
    for (const signer of signerInfos) signer.sid = new pkijs.IssuerAndSerialNumber({ issuer, serialNumber });
  };
}

/** Leaves out the field itself, where an empty list of certificates leaves an empty field. */
export const removeCertificates: DocumentChange = (signedData) => {
  delete signedData.certificates;
};

/**
 * Takes the signed attributes away and puts their DER where the content was: the signature then is right over content
 * that nobody meant to sign (RFC 5652 section 11.2 asks for the content type to be checked for this reason).
 */
export const takeAttributesForContent: DocumentChange = ({ signerInfos, encapContentInfo }) => {
  const [signer] = signerInfos;
  if (!signer?.signedAttrs) throw new Error('the document has no signed attributes to take for the content');
  const octets = new Uint8Array(signer.signedAttrs.toSchema().toBER()).with(0, 0x31);
  delete signer.signedAttrs;
  encapContentInfo.eContent = new asn1js.OctetString({ valueHex: octets });
};

/** An attribute that nobody signed. */
export const addUnsignedAttribute: DocumentChange = ({ signerInfos }) => {
  const attribute = new pkijs.Attribute({ type: '1.2.3.4', values: [new asn1js.Null()] });
  for (const signer of signerInfos) {
    signer.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({ type: 1, attributes: [attribute] });
  }
};
