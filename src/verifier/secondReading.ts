import { OctetString, fromBER } from 'asn1js';
import { AltName, ContentInfo, IssuerAndSerialNumber, Certificate as PkijsCertificate, SignedData } from 'pkijs';
import type { SignedDocument } from './cms/signedData.ts';
import { isEqualOctets } from './der.ts';
import type { Certificate } from './x509/certificate.ts';

/**
 * An independent reading of the same octets by pkijs and asn1js: a guard against a fault in our own reader. It verifies
 * nothing; it compares what was read. Only a leaf that has passed everything else gets here, and only once.
 *
 * @returns null, or what the two readers found different
 */
export function findReadingDifference(
  octets: Uint8Array,
  document: SignedDocument,
  certificate: Certificate,
): string | null {
  try {
    const signedData = readSignedData(octets);
    return compareDocument(signedData, document) ?? compareCertificate(readLeaf(signedData), certificate);
  } catch {
    // Whatever the other reader throws: it could not read what ours could.
    return 'the second reader could not read the document';
  }
}

function readSignedData(octets: Uint8Array): SignedData {
  const { result, offset } = fromBER(copyOf(octets));
  if (offset !== octets.length) throw new Error('trailing octets');
  return new SignedData({ schema: new ContentInfo({ schema: result }).content });
}

function readLeaf({ certificates = [] }: SignedData): PkijsCertificate {
  const [leaf, ...others] = certificates;
  if (!(leaf instanceof PkijsCertificate) || others.length > 0) throw new Error('not one certificate');
  return leaf;
}

function compareDocument(signedData: SignedData, document: SignedDocument): string | null {
  const { eContent } = signedData.encapContentInfo;
  if (!(eContent instanceof OctetString) || !isEqual(eContent.getValue(), document.content)) return 'content';
  const [signer, ...others] = signedData.signerInfos;
  if (signer === undefined || others.length > 0) return 'number of signers';
  const sid: unknown = signer.sid;
  if (!(sid instanceof IssuerAndSerialNumber)) return 'signer identifier';
  if (!isEqual(sid.issuer.toSchema().toBER(), document.signerIssuer)) return 'issuer of the signer';
  if (!isEqual(sid.serialNumber.valueBlock.valueHexView, document.signerSerial)) return 'serial number of the signer';
  return isEqual(signer.signature.getValue(), document.signature) ? null : 'signature';
}

function compareCertificate(leaf: PkijsCertificate, certificate: Certificate): string | null {
  if (!isEqual(leaf.toSchema(true).toBER(), certificate.der)) return 'certificate';
  if (!isEqual(leaf.subjectPublicKeyInfo.toSchema().toBER(), certificate.spki)) return 'public key';
  if (!isEqual(leaf.serialNumber.valueBlock.valueHexView, certificate.serial)) return 'serial number';
  if (!isEqual(leaf.issuer.toSchema().toBER(), certificate.issuer)) return 'issuer';
  if (leaf.notBefore.value.getTime() !== certificate.notBefore) return 'notBefore';
  if (leaf.notAfter.value.getTime() !== certificate.notAfter) return 'notAfter';
  return isSameNames(leaf, certificate) ? null : 'names';
}

const SUBJECT_ALT_NAME = '2.5.29.17';
const DNS_NAME = 2;

/** All names are DNS names by now: the cloud was found by them. */
function isSameNames(leaf: PkijsCertificate, { extensions }: Certificate): boolean {
  const extension = leaf.extensions?.find(({ extnID }) => extnID === SUBJECT_ALT_NAME);
  const theirs = extension?.parsedValue instanceof AltName ? extension.parsedValue.altNames : [];
  const ours = extensions.subjectAltName?.names ?? [];
  return (
    ours.length === theirs.length &&
    ours.every((name, index) => {
      const other = theirs[index];
      return name.type === 'dns' && other?.type === DNS_NAME && other.value === name.text;
    })
  );
}

function isEqual(theirs: ArrayBuffer | Uint8Array, ours: Uint8Array): boolean {
  return isEqualOctets(theirs instanceof Uint8Array ? theirs : new Uint8Array(theirs), ours);
}

/** asn1js reads whole buffers; ours are views, often of a larger pool. */
function copyOf(octets: Uint8Array): ArrayBuffer {
  return new Uint8Array(octets).buffer;
}
