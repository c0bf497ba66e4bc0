import { X509Certificate } from 'node:crypto';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { Trust } from '../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../src/verifier/x509/trustedCertificates.ts';
import { listShared, readSharedText } from './shared.ts';

/** Every CA certificate of the reference data, for each cloud: for tests of the verifier alone, without pins. */
export function createSharedTrust(): Trust {
  const anchors = readCertificates('root-');
  const intermediates = readCertificates('intermediate-');
  const domains = Object.entries(AZURE_CLOUDS).map(([name, domain]) => ({
    name,
    domain,
    isPinned: true,
    certificates: new TrustedCertificates({ anchors, intermediates }),
  }));
  return new Trust(domains, 'reference data');
}

function readCertificates(prefix: string) {
  return listShared('pki', 'certificates')
    .filter((file) => file.startsWith(prefix))
    .map((file) => parseCertificate(new X509Certificate(readSharedText('pki', 'certificates', file)).raw));
}
