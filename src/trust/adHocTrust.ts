import { isSelfIssued, parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { findSignatureFault } from '../verifier/x509/signatureAlgorithm.ts';
import { Trust } from '../verifier/x509/trust.ts';
import { TrustedCertificates } from '../verifier/x509/trustedCertificates.ts';
import { readPemBlocks } from './pem.ts';
import type { PemBlock } from './pem.ts';

/** What the cloud of an ad-hoc trust is called. */
const AD_HOC_CLOUD = 'custom';

/** The PEM text is not usable as trust. */
export class AdHocTrustError extends Error {
  override readonly name = 'AdHocTrustError';
}

const MAX_BLOCKS = 1024;

/**
 * Trust in the certificates of a PEM text alone, for one domain, without pins: those that signed themselves are anchors,
 * the others intermediates.
 *
 * @param domain lower-case, without a trailing dot
 * @throws {AdHocTrustError} where there is no certificate, one that cannot be read, or no anchor
 */
export function createAdHocTrust(pem: string, domain: string): Trust {
  const blocks = readPemBlocks(pem);
  if (blocks.length === 0) throw new AdHocTrustError('no certificate: the file has no block "BEGIN CERTIFICATE"');
  if (blocks.length > MAX_BLOCKS) throw new AdHocTrustError(`more than ${MAX_BLOCKS} certificates`);
  const certificates = blocks.map(parseBlock);
  const anchors = certificates.filter(isSelfSigned);
  if (anchors.length === 0)
    throw new AdHocTrustError('no anchor: none of the certificates signed itself; add the root');
  const intermediates = certificates.filter((certificate) => !anchors.includes(certificate));
  const trusted = new TrustedCertificates({ anchors, intermediates });
  const domains = [{ name: AD_HOC_CLOUD, domain, isPinned: false, certificates: trusted }];
  return new Trust(domains, AD_HOC_CLOUD);
}

function parseBlock(block: PemBlock, index: number): Certificate {
  const where = `certificate number ${index + 1} cannot be read`;
  if (block === null)
    throw new AdHocTrustError(`${where}: its block is not closed, or holds something else than base64`);
  try {
    return parseCertificate(block);
  } catch (error) {
    throw new AdHocTrustError(`${where}: ${error instanceof Error ? error.message : 'not a certificate'}`);
  }
}

/** Same name, and a signature by its own key: a cross-signed root under a CA of its own name is no anchor. */
function isSelfSigned(certificate: Certificate): boolean {
  return isSelfIssued(certificate) && findSignatureFault(certificate, certificate) === null;
}
