import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { IssuedCertificate } from '../authority/issueCertificate.ts';
import type { KeyPair } from '../authority/keys.ts';
import { algorithmIdentifier, signOctets, type SignatureAlgorithmName } from '../authority/signatureAlgorithms.ts';

const ID_DATA = '1.2.840.113549.1.7.1';
const ID_SIGNED_DATA = '1.2.840.113549.1.7.2';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';

/** Azure writes a signature algorithm where the digest belongs: sha256WithRSAEncryption. */
const DIGEST_OIDS = { azure: '1.2.840.113549.1.1.11', standard: '2.16.840.1.101.3.4.2.1' } as const;

/** One SignerInfo (RFC 5652 section 5.3). */
export interface SignerDescription {
  /** The certificate that the SignerInfo names, and whose key signs. */
  readonly leaf: IssuedCertificate;
  /** Another key to sign with than the certificate's. */
  readonly keys?: KeyPair;
  /** `azure` (default) or `standard`, or any object identifier. */
  readonly digestOid?: string;
  /** rsaEncryption by default. */
  readonly signatureOid?: string;
  /** Parameters of both algorithms; Azure writes NULL. */
  readonly parameters?: 'null' | 'absent' | 'pss';
  /** How the signature is really made, whatever the object identifiers claim. */
  readonly scheme?: SignatureAlgorithmName;
  /** Given the eContent: attributes to sign in its place. Azure has none. */
  readonly signedAttributes?: (content: Uint8Array) => pkijs.Attribute[];
}

/** One document: production's shape, and whatever is to differ from it. */
export interface DocumentDescription extends SignerDescription {
  /** An object is written as compact JSON; text and octets are taken as they are. Without any, eContent is left out. */
  readonly content: object | string | Uint8Array;
  /** The certificates that come along; exactly the leaf by default. */
  readonly certificates?: readonly Pick<IssuedCertificate, 'der'>[];
  /** Other signers than the leaf alone; all of them sign the same content. */
  readonly signers?: readonly SignerDescription[];
  /** The last word on the SignedData after it is signed. */
  readonly change?: (signedData: pkijs.SignedData) => void;
}

/**
 * Signs a document in exactly the shape of production: a CMS SignedData whose only certificate is the leaf, whose only
 * signer is version 1 without signed attributes, and whose digest algorithm is Azure's.
 *
 * @returns strict DER of the ContentInfo
 */
export function signDocument(document: DocumentDescription): Uint8Array<ArrayBuffer> {
  const content = contentOctets(document.content);
  const signers = document.signers ?? [document];
  const encapContentInfo = new pkijs.EncapsulatedContentInfo({ eContentType: ID_DATA });
  // Set afterwards: the constructor would wrap the octets in a constructed string, which is not DER.
  encapContentInfo.eContent = new asn1js.OctetString({ valueHex: content });
  const signedData = new pkijs.SignedData({
    version: 1,
    digestAlgorithms: [digestAlgorithm(document)],
    encapContentInfo,
    certificates: (document.certificates ?? [document.leaf]).map(({ der }) => pkijs.Certificate.fromBER(der)),
    signerInfos: signers.map((signer) => createSignerInfo(signer, content)),
  });
  document.change?.(signedData);
  return encodeSignedData(signedData);
}

/** The DER of a ContentInfo around the SignedData, which is taken as it is: nothing is checked or put right. */
function encodeSignedData(signedData: pkijs.SignedData): Uint8Array<ArrayBuffer> {
  const { version } = signedData;
  const content = signedData.toSchema(true) as asn1js.Sequence;
  // pkijs writes the version that RFC 5652 section 5.1 asks for, whatever the object says.
  content.valueBlock.value[0] = new asn1js.Integer({ value: version });
  const contentInfo = new pkijs.ContentInfo({ contentType: ID_SIGNED_DATA, content });
  return new Uint8Array(contentInfo.toSchema().toBER());
}

/** One SignerInfo over the content, as {@link signDocument} makes it; for a document with a second one. */
export function createSignerInfo(signer: SignerDescription, content: Uint8Array): pkijs.SignerInfo {
  const { leaf, keys = leaf.keys, scheme = 'rsa-sha256', signatureOid = RSA_ENCRYPTION } = signer;
  const signedAttrs =
    signer.signedAttributes &&
    new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: signer.signedAttributes(content) });
  const signed = signedAttrs ? attributesToSign(signedAttrs) : content;
  const signature = signOctets(scheme, signed, keys.privateKey);
  return new pkijs.SignerInfo({
    version: 1,
    sid: issuerAndSerialNumber(leaf),
    digestAlgorithm: digestAlgorithm(signer),
    ...(signedAttrs && { signedAttrs }),
    signatureAlgorithm: algorithmIdentifier(signatureOid, signer.parameters),
    signature: new asn1js.OctetString({ valueHex: signature }),
  });
}

function contentOctets(content: object | string | Uint8Array): Uint8Array<ArrayBuffer> {
  if (content instanceof Uint8Array) return new Uint8Array(content);
  return new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content));
}

function digestAlgorithm({ digestOid = 'azure', parameters }: SignerDescription): pkijs.AlgorithmIdentifier {
  const oid = digestOid === 'azure' || digestOid === 'standard' ? DIGEST_OIDS[digestOid] : digestOid;
  return algorithmIdentifier(oid, parameters === 'pss' ? 'null' : parameters);
}

function issuerAndSerialNumber(leaf: IssuedCertificate): pkijs.IssuerAndSerialNumber {
  const { issuer, serialNumber } = pkijs.Certificate.fromBER(leaf.der);
  return new pkijs.IssuerAndSerialNumber({ issuer, serialNumber });
}

/** RFC 5652 section 5.4: what is signed is the SET OF, not the [0] in the message. */
function attributesToSign(attributes: pkijs.SignedAndUnsignedAttributes): Uint8Array {
  const octets = new Uint8Array(attributes.toSchema().toBER());
  octets[0] = 0x31;
  return octets;
}
