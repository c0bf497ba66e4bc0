import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate.ts';
import { isSamePreparedName, prepareName } from './nameMatching.ts';
import type { AuthorityKeyIdentifier } from './extensions.ts';
import type { PublicKeyFacts } from './publicKey.ts';
import { hasMatchingKeyIdentifier } from './trustedCertificates.ts';
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
  /** The extended key usages that intermediates must allow, all of them, where they carry the extension. */
  readonly purposes: readonly string[];
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

/** The facts of a certificate that was not valid at a time (milliseconds since the epoch). */
export function describeValidity(code: ValidityCode, certificate: Certificate, at: number) {
  const { commonName: name, sha256, notBefore, notAfter } = certificate;
  return { code, name, sha256, notBefore, notAfter, at };
}

/** Each signature costs more the longer the key: the figure of webpki and of Go's TLS (8192). */
const MAX_RSA_BITS = 8192;

/** ring's figure; with larger ones, verifying would cost as much as signing. */
const MAX_RSA_EXPONENT = 2 ** 33 - 1;

/** RSA below 2048 bits is always refused; whole octets, as the CA/Browser Forum asks (Baseline Requirements 6.1.5). */
export function findWeakKey(facts: PublicKeyFacts): string | null {
  if (facts.type === 'other') return `keys of algorithm ${facts.algorithm} are not accepted`;
  if (facts.type === 'ec') return null;
  if (facts.bits < 2048) return 'an RSA key of less than 2048 bits';
  if (facts.bits > MAX_RSA_BITS) return 'an RSA key of more than 8192 bits';
  if (facts.bits % 8 !== 0) return 'an RSA key whose length is not a whole number of octets';
  // RFC 8017 section 3.1: at least 3, and odd because it has an inverse.
  const isExponent = facts.exponent >= 3 && facts.exponent <= MAX_RSA_EXPONENT && facts.exponent % 2 === 1;
  return isExponent ? null : 'an RSA exponent that is none, or larger than any in use';
}

/** RFC 5280 sections 6.1.3 and 6.1.5, for the certificate at the end of the path. */
export function findLeafFault(leaf: Certificate, rules: PathRules): string | null {
  const { basicConstraints, nameConstraints } = leaf.extensions;
  if (nameConstraints !== undefined && basicConstraints?.ca !== true) {
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
  const { basicConstraints, keyUsage } = issuer.extensions;
  if (basicConstraints?.ca !== true) return 'an issuer is not a CA (RFC 5280 section 4.2.1.9)';
  if (isAnchor && !basicConstraints.critical) return 'the anchor’s basic constraints are not critical';
  if (below > (basicConstraints.pathLength ?? Infinity))
    return 'a path length is exceeded (RFC 5280 section 6.1.4 (m))';
  if (keyUsage !== undefined && !keyUsage.keyCertSign)
    return 'an issuer may not sign certificates (RFC 5280 section 4.2.1.3)';
  if (issuer.subjectName.length === 0) return 'an issuer has an empty subject (RFC 5280 section 4.1.2.6)';
  return findCommonFault(issuer, isAnchor, rules);
}

function findCommonFault(certificate: Certificate, isAnchor: boolean, rules: PathRules): string | null {
  if (certificate.fault !== null) return certificate.fault;
  const keyFault = findWeakKey(certificate.keyFacts) ?? rules.findKeyFault(certificate.keyFacts);
  if (keyFault !== null) return keyFault;
  if (certificate.extensions.policyConstraints !== undefined) {
    return 'policy constraints are not implemented, so they are refused';
  }
  // An anchor is a name and a key (section 6.1.1 (d)); old roots have the serial number 0.
  const serialFault = isAnchor ? null : findSerialFault(certificate);
  return serialFault ?? (rules.requiresKeyIdentifiers ? findIdentifierFault(certificate, isAnchor) : null);
}

/** RFC 5280 section 4.1.2.2 */
const MAX_SERIAL_OCTETS = 20;

function findSerialFault({ serial }: Certificate): string | null {
  const isPositive = Buffer.from(serial).readInt8() >= 0 && serial.some((octet) => octet !== 0);
  return isPositive && serial.length <= MAX_SERIAL_OCTETS
    ? null
    : 'the serial number is not a positive integer of at most 20 octets (RFC 5280 section 4.1.2.2)';
}

const NO_AUTHORITY = 'no authority key identifier (RFC 5280 section 4.2.1.1)';

function findIdentifierFault(certificate: Certificate, isAnchor: boolean): string | null {
  const { authorityKeyIdentifier, subjectKeyIdentifier, basicConstraints } = certificate.extensions;
  if (basicConstraints?.ca === true && subjectKeyIdentifier === undefined) {
    return 'a CA without subject key identifier (RFC 5280 section 4.2.1.2)';
  }
  // Section 4.2.1.1: a self-signed certificate may do without; and what is above an anchor is out of scope.
  if (authorityKeyIdentifier === undefined) return isAnchor ? null : NO_AUTHORITY;
  if (authorityKeyIdentifier.keyIdentifier === null) return NO_AUTHORITY;
  return isAnchor && isSelfIssued(certificate) && !isOwnAuthority(certificate, authorityKeyIdentifier)
    ? 'a self-signed certificate names another as its issuer (RFC 5280 section 4.2.1.1)'
    : null;
}

/** Of a self-signed certificate, whose authority's key and certificate are its own. */
function isOwnAuthority(certificate: Certificate, { issuerNames, serial }: AuthorityKeyIdentifier): boolean {
  if (!hasMatchingKeyIdentifier(certificate, certificate)) return false;
  if (serial === null) return true;
  const own = prepareName(certificate.issuerName);
  const isOwnName = issuerNames.some(
    (name) => name.type === 'directory' && isSamePreparedName(prepareName(name.name), own),
  );
  return isOwnName && isEqualOctets(serial, certificate.serial);
}

const ANY_PURPOSE = '2.5.29.37.0';

/**
 * Extended key usages confine each other along a path (as in Go and CAPI; RFC 5280 section 4.2.1.12 knows them for one
 * certificate alone): whatever is asked for must be allowed by every one of them, by its own name; where nothing is asked
 * for, at least one purpose must be left.
 *
 * @param certificates those of a path without its anchor
 */
export function findPurposeFault(certificates: readonly Certificate[], purposes: readonly string[]): string | null {
  const usages = certificates.flatMap(({ extensions: { extendedKeyUsage } }) =>
    extendedKeyUsage === undefined ? [] : [extendedKeyUsage.purposes],
  );
  if (purposes.length > 0) {
    const isAllowed = usages.every((usage) => purposes.every((purpose) => usage.includes(purpose)));
    return isAllowed ? null : 'an extended key usage on the path does not allow the purpose';
  }
  const confining = usages.filter((usage) => !usage.includes(ANY_PURPOSE));
  const isAnyLeft = confining.flat().some((purpose) => confining.every((usage) => usage.includes(purpose)));
  return isAnyLeft || confining.length === 0 ? null : 'the extended key usages on the path leave no purpose';
}
