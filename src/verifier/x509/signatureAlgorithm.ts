import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { DerReader, TAG, formatOid } from '../der.ts';
import type { Certificate } from './certificate.ts';

/** Certificate signatures that count: RSASSA-PKCS1-v1_5 (RFC 4055 section 5) and ECDSA (RFC 5758 section 3.2), SHA-2 alone. */
const ALGORITHMS: Readonly<Record<string, { readonly digest: string; readonly key: 'rsa' | 'ec' }>> = {
  '1.2.840.113549.1.1.11': { digest: 'sha256', key: 'rsa' },
  '1.2.840.113549.1.1.12': { digest: 'sha384', key: 'rsa' },
  '1.2.840.113549.1.1.13': { digest: 'sha512', key: 'rsa' },
  '1.2.840.10045.4.3.2': { digest: 'sha256', key: 'ec' },
  '1.2.840.10045.4.3.3': { digest: 'sha384', key: 'ec' },
  '1.2.840.10045.4.3.4': { digest: 'sha512', key: 'ec' },
};

/**
 * Whether the issuer's key made the certificate's signature.
 *
 * @returns null, or why it does not count as a sentence
 */
export function findSignatureFault(certificate: Certificate, issuer: Certificate): string | null {
  const identifier = new DerReader(certificate.signatureAlgorithm).enter(TAG.sequence);
  const oid = formatOid(identifier.readContent(TAG.oid));
  const algorithm = ALGORITHMS[oid];
  if (algorithm === undefined) return `signature algorithm ${oid} is not accepted`;
  // RFC 4055 section 5: NULL, and absent must be understood; RFC 5758 section 3.2: absent.
  if (algorithm.key === 'rsa' && identifier.hasNext(TAG.null)) identifier.readContent(TAG.null);
  if (!identifier.atEnd) return `signature algorithm ${oid} has parameters`;
  if (issuer.keyFacts.type !== algorithm.key) return 'the signature algorithm is not of the kind of the issuer’s key';
  const isValid = isValidSignature(algorithm.digest, certificate, issuer);
  return isValid ? null : 'the signature does not verify with the issuer’s key';
}

function isValidSignature(digest: string, certificate: Certificate, issuer: Certificate): boolean {
  let key: KeyObject;
  try {
    key = issuer.publicKey();
  } catch {
    // node:crypto refuses invalid keys (a point off its curve, an even modulus).
    return false;
  }
  return verify(digest, certificate.tbs, key, certificate.signature);
}
