import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate.ts';
import type { PublicKeyFacts } from './publicKey.ts';
import type { NameMatching } from './trustedCertificates.ts';

/** What a caller asks of a path beside RFC 5280 itself. */
export interface PathRules {
  readonly nameMatching: NameMatching;
  /** Intermediates that a path may have, self-issued ones not counted (RFC 5280 section 6.1.4 (l)). */
  readonly maximumIntermediates: number;
  /** Whether an anchor may issue a leaf itself. */
  readonly allowsDirectIssue: boolean;
  /**
   * Whether the key identifiers that RFC 5280 sections 4.2.1.1 and 4.2.1.2 prescribe must be there. They help to build a
   * path and prove nothing.
   */
  readonly requiresKeyIdentifiers: boolean;
  /** The extended key usage that intermediates must allow, where they carry the extension; null: any. */
  readonly purpose: string | null;
  /** Why no key of this kind may stand on the path, as a sentence; null where it may. */
  findKeyFault(facts: PublicKeyFacts): string | null;
  /** What the caller asks of the leaf, as a sentence; null where it is met. */
  findLeafFault(leaf: Certificate): string | null;
}

export type ValidityCode = 'certificate_expired' | 'certificate_not_yet_valid';

/** RFC 5280 section 4.1.2.5: both ends are inclusive. */
export function findValidityCode({ notBefore, notAfter }: Certificate, at: number): ValidityCode | null {
  if (at < notBefore) return 'certificate_not_yet_valid';
  // notAfter is a whole second, and that second belongs to it.
  return at >= notAfter + 1000 ? 'certificate_expired' : null;
}

/** RSA below 2048 bits is always refused; whole octets, as the CA/Browser Forum asks (Baseline Requirements 6.1.5). */
export function findWeakKey(facts: PublicKeyFacts): string | null {
  if (facts.type === 'other') return `keys of algorithm ${facts.algorithm} are not accepted`;
  if (facts.type === 'ec') return null;
  if (facts.bits < 2048) return 'an RSA key of less than 2048 bits';
  return facts.bits % 8 === 0 ? null : 'an RSA key whose length is not a whole number of octets';
}

/** RFC 5280 sections 6.1.3 and 6.1.5, for the certificate at the end of the path. */
export function findLeafFault(leaf: Certificate, rules: PathRules): string | null {
  if (leaf.extensions.nameConstraints !== undefined) {
    return 'name constraints belong in certificates of CAs (RFC 5280 section 4.2.1.10)';
  }
  return findCommonFault(leaf, false, rules) ?? rules.findLeafFault(leaf);
}

/**
 * RFC 5280 section 6.1.4 (h) to (o), for a certificate that issues another.
 *
 * @param below how many intermediates that are not self-issued stand between it and the leaf
 */
export function findIssuerFault(
  issuer: Certificate,
  isAnchor: boolean,
  below: number,
  rules: PathRules,
): string | null {
  const { basicConstraints, keyUsage, policyConstraints, extendedKeyUsage } = issuer.extensions;
  if (basicConstraints?.ca !== true) return 'an issuer is not a CA (RFC 5280 section 4.2.1.9)';
  if (isAnchor && !basicConstraints.critical) return 'the anchor’s basic constraints are not critical';
  if (below > (basicConstraints.pathLength ?? Infinity))
    return 'a path length is exceeded (RFC 5280 section 6.1.4 (m))';
  if (keyUsage !== undefined && !keyUsage.keyCertSign)
    return 'an issuer may not sign certificates (RFC 5280 section 4.2.1.3)';
  if (issuer.subjectName.length === 0) return 'an issuer has an empty subject (RFC 5280 section 4.1.2.6)';
  if (policyConstraints !== undefined) return 'policy constraints are not implemented, so they are refused';
  if (!isAnchor && rules.purpose !== null && extendedKeyUsage?.purposes.includes(rules.purpose) === false) {
    return 'an intermediate’s extended key usage does not allow the purpose';
  }
  return findCommonFault(issuer, isAnchor, rules);
}

function findCommonFault(certificate: Certificate, isAnchor: boolean, rules: PathRules): string | null {
  const keyFault = findWeakKey(certificate.keyFacts) ?? rules.findKeyFault(certificate.keyFacts);
  return (
    certificate.fault ?? keyFault ?? (rules.requiresKeyIdentifiers ? findIdentifierFault(certificate, isAnchor) : null)
  );
}

function findIdentifierFault({ extensions }: Certificate, isAnchor: boolean): string | null {
  const { authorityKeyIdentifier, subjectKeyIdentifier, basicConstraints } = extensions;
  if (!isAnchor && (authorityKeyIdentifier?.keyIdentifier ?? null) === null) {
    return 'no authority key identifier (RFC 5280 section 4.2.1.1)';
  }
  if (basicConstraints?.ca === true && subjectKeyIdentifier === undefined) {
    return 'a CA without subject key identifier (RFC 5280 section 4.2.1.2)';
  }
  return null;
}

/** How many more intermediates count below a certificate once this one stands there. */
export function countsAsIntermediate(certificate: Certificate): 0 | 1 {
  return isSelfIssued(certificate) ? 0 : 1;
}
