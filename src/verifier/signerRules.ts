import type { Certificate } from './x509/certificate.ts';
import type { PathRules } from './x509/pathRules.ts';

/**
 * Azure's own policy for the certificates that sign attested documents, above RFC 5280: RSA alone with the exponent that
 * all of them have, and a leaf that is what every genuine one is.
 */

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const EXPONENT = 65537;

/** Genuine chains have one intermediate, or two where a root is cross-signed. */
const MAX_INTERMEDIATES = 4;

/** @param isPinned whether intermediates are pinned; then a leaf that an anchor issued itself is refused */
export function signerRules(isPinned: boolean): PathRules {
  return {
    nameMatching: 'exact',
    maximumIntermediates: MAX_INTERMEDIATES,
    allowsDirectIssue: !isPinned,
    requiresKeyIdentifiers: false,
    purposes: [SERVER_AUTH],
    findKeyFault: (facts) => {
      if (facts.type !== 'rsa') return 'a key that is not RSA';
      return facts.exponent === EXPONENT ? null : 'an RSA exponent other than 65537';
    },
    findLeafFault,
  };
}

function findLeafFault({ extensions }: Certificate): string | null {
  const { basicConstraints, keyUsage, extendedKeyUsage } = extensions;
  if (basicConstraints?.ca === true) return 'the signer’s certificate is that of a CA';
  if (keyUsage?.digitalSignature !== true) return 'the signer’s key usage does not allow signatures';
  // anyExtendedKeyUsage does not stand for serverAuth here.
  return extendedKeyUsage?.purposes.includes(SERVER_AUTH) === true
    ? null
    : 'the signer’s extended key usage lacks serverAuth';
}
