import { DerError, DerReader, TAG, constructedContextTag, contextTag, formatOid } from '../der.ts';

/**
 * Azure's profile of CMS SignedData (RFC 5652 section 5), and nothing beside it: version 1, one digest algorithm, id-data
 * with its content, one SignerInfo named by issuer and serial, no attributes, no revocation data.
 */

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  data: '1.2.840.113549.1.7.1',
  sha256: '2.16.840.1.101.3.4.2.1',
  /** A signature algorithm, but what Azure writes where a digest algorithm belongs. */
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  rsaEncryption: '1.2.840.113549.1.1.1',
} as const;

/** What an attested document is made of, read but not yet believed. All octets are views of the document. */
export interface SignedDocument {
  /** The eContent octets: exactly what was signed. */
  readonly content: Uint8Array;
  /** The DER of every certificate in the document. */
  readonly certificates: readonly Uint8Array[];
  /** The DER of the issuer's Name and the content octets of the serial number, as the SignerInfo has them. */
  readonly signerIssuer: Uint8Array;
  readonly signerSerial: Uint8Array;
  readonly signature: Uint8Array;
}

/** The octets are DER, but not a SignedData of this profile. The message says which rule. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

/**
 * Reads a ContentInfo of Azure's profile. The caller has walked the octets with `checkDer`.
 *
 * @throws {ProfileError}
 */
export function parseSignedDocument(octets: Uint8Array): SignedDocument {
  try {
    return readContentInfo(new DerReader(octets));
  } catch (error) {
    if (error instanceof DerError) throw new ProfileError(`not the structure of a SignedData: ${error.message}`);
    throw error;
  }
}

function demand(holds: boolean, rule: string): void {
  if (!holds) throw new ProfileError(rule);
}

function readContentInfo(outer: DerReader): SignedDocument {
  const contentInfo = outer.enter(TAG.sequence);
  outer.finish();
  demand(readOid(contentInfo) === OID.signedData, 'the content type is not signedData');
  const explicit = contentInfo.enter(constructedContextTag(0));
  contentInfo.finish();
  const signedData = explicit.enter(TAG.sequence);
  explicit.finish();
  return readSignedData(signedData);
}

function readSignedData(signedData: DerReader): SignedDocument {
  requireVersion1(signedData, 'SignedData');
  const digestAlgorithms = signedData.enter(TAG.set);
  const digest = readDigestAlgorithm(digestAlgorithms);
  demand(digestAlgorithms.atEnd, 'more than one digest algorithm');
  const content = readEncapsulatedContent(signedData.enter(TAG.sequence));
  const certificates = readCertificates(signedData);
  demand(!signedData.hasNext(constructedContextTag(1)), 'revocation data is not part of the profile');
  const signerInfos = signedData.enter(TAG.set);
  signedData.finish();
  demand(!signerInfos.atEnd, 'no signer');
  const signerInfo = signerInfos.enter(TAG.sequence);
  demand(signerInfos.atEnd, 'more than one signer');
  return { content, certificates, ...readSignerInfo(signerInfo, digest) };
}

function requireVersion1(reader: DerReader, where: string): void {
  const version = reader.readContent(TAG.integer);
  demand(version.length === 1 && version[0] === 1, `${where} is not version 1`);
}

/** EncapsulatedContentInfo: id-data, and the content present (no detached signature). */
function readEncapsulatedContent(info: DerReader): Uint8Array {
  demand(readOid(info) === OID.data, 'the encapsulated content type is not id-data');
  demand(info.hasNext(constructedContextTag(0)), 'the content is detached');
  const explicit = info.enter(constructedContextTag(0));
  info.finish();
  const content = explicit.readContent(TAG.octetString);
  explicit.finish();
  return content;
}

/** CertificateSet: X.509 certificates alone (the other choices have context tags). */
function readCertificates(signedData: DerReader): readonly Uint8Array[] {
  if (!signedData.hasNext(constructedContextTag(0))) return [];
  const set = signedData.enter(constructedContextTag(0));
  const certificates: Uint8Array[] = [];
  while (!set.atEnd) certificates.push(set.readElement(TAG.sequence));
  return certificates;
}

function readSignerInfo(signerInfo: DerReader, digest: string): Omit<SignedDocument, 'content' | 'certificates'> {
  requireVersion1(signerInfo, 'SignerInfo');
  demand(signerInfo.hasNext(TAG.sequence), 'the signer is not named by issuer and serial number');
  const issuerAndSerial = signerInfo.enter(TAG.sequence);
  const signerIssuer = issuerAndSerial.readElement(TAG.sequence);
  const signerSerial = issuerAndSerial.readContent(TAG.integer);
  issuerAndSerial.finish();
  demand(readDigestAlgorithm(signerInfo) === digest, 'the two digest algorithms differ');
  demand(!signerInfo.hasNext(constructedContextTag(0)), 'signed attributes are not part of the profile');
  demand(readAlgorithm(signerInfo) === OID.rsaEncryption, 'the signature algorithm is not rsaEncryption');
  const signature = signerInfo.readContent(TAG.octetString);
  const unsigned = signerInfo.hasNext(constructedContextTag(1)) || signerInfo.hasNext(contextTag(1));
  demand(!unsigned, 'unsigned attributes are not part of the profile');
  signerInfo.finish();
  return { signerIssuer, signerSerial, signature };
}

function readDigestAlgorithm(reader: DerReader): string {
  const algorithm = readAlgorithm(reader);
  const isSha256 = algorithm === OID.sha256 || algorithm === OID.sha256WithRsaEncryption;
  demand(isSha256, 'the digest algorithm is not SHA-256');
  return algorithm;
}

/** An AlgorithmIdentifier whose parameters are NULL or absent (RFC 5754 section 2). */
function readAlgorithm(reader: DerReader): string {
  const identifier = reader.enter(TAG.sequence);
  const algorithm = readOid(identifier);
  if (identifier.hasNext(TAG.null)) identifier.readContent(TAG.null);
  demand(identifier.atEnd, 'algorithm parameters are neither NULL nor absent');
  return algorithm;
}

function readOid(reader: DerReader): string {
  return formatOid(reader.readContent(TAG.oid));
}
