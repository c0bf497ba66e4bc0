import type { Cause, Found } from '../finding.ts';
import type { ServiceEvidence } from '../gather/service.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

/** What OpenSSL and Node call it. Every other code of a certificate means that nobody who is believed has signed it. */
const OF_NAME = ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH', 'IP_ADDRESS_MISMATCH'];
const EXPIRED = 'CERT_HAS_EXPIRED';
const NOT_YET_VALID = 'CERT_NOT_YET_VALID';
const NOT_OF_TRUST: readonly string[] = [...OF_NAME, EXPIRED, NOT_YET_VALID];

const CLOCK = 'date -u';

export const TLS = {
  tls_untrusted: {
    means: 'Nobody whom this machine believes has signed the certificate of the licence service.',
    advice:
      'Look at the issuer. If it is your company’s own inspection, put its root certificate into the member ca of the configuration. If you do not know it, somebody else answers: tell the administrators of the network.',
    judge: handshakeFails((code) => !NOT_OF_TRUST.includes(code), showCertificates),
  },
  tls_name_wrong: {
    means: 'The certificate is for another name than that of the licence service.',
    advice: 'Compare the member issuer with the names in the certificate. If it is right, another server answers.',
    judge: handshakeFails((code) => OF_NAME.includes(code), showCertificates),
  },
  tls_expired: {
    means: 'The certificate of the licence service has expired, or the clock of this machine is ahead.',
    advice: 'Compare the clock of this machine with the present time. If it is right, tell the vendor.',
    judge: handshakeFails(
      (code) => code === EXPIRED,
      () => CLOCK,
    ),
  },
  tls_not_yet_valid: {
    means: 'The certificate of the licence service is not valid yet: the clock of this machine is behind.',
    advice: 'Set the clock of this machine (time synchronization).',
    judge: handshakeFails(
      (code) => code === NOT_YET_VALID,
      () => CLOCK,
    ),
  },
  tls_failed: {
    means: 'The TLS handshake with the licence service failed before a certificate was presented.',
    advice: 'Compare host and port in the member issuer. A firewall that inspects TLS can end connections as well.',
    judge(own) {
      const { failed, chain } = own.handshake ?? { failed: null, chain: [] };
      if (failed === null || chain.length > 0) return null;
      return { evidence: [`${new URL(own.issuer).host}: ${failed}`], command: showCertificates(own) };
    },
  },
  extra_ca_unusable: {
    means: 'The file that NODE_EXTRA_CA_CERTS names cannot be read by the agent’s user, or has no certificate.',
    advice: 'Correct the path and the mode of the file, or put the certificates into the member ca.',
    judge({ extraAuthorities }) {
      if (extraAuthorities === null || extraAuthorities.inFile > 0) return null;
      const { failed, path } = extraAuthorities;
      return { evidence: [`${path}: ${failed ?? 'no certificate in PEM'}`], command: quoteForSh('ls', '-lL', path) };
    },
  },
  extra_ca_ignored: {
    means: 'NODE_EXTRA_CA_CERTS is set, and this program does not believe the certificates in it.',
    advice:
      'Put the certificates into the member ca of the configuration, which always counts. A variable that is set in a shell does not reach a systemd unit.',
    judge({ extraAuthorities }) {
      if (extraAuthorities === null || extraAuthorities.inFile === 0 || extraAuthorities.believed !== 0) return null;
      const { inFile, path } = extraAuthorities;
      return { evidence: [`${path}: 0 of ${inFile} certificates are believed.`], command: quoteForSh('cat', path) };
    },
  },
} as const satisfies Readonly<Record<string, Cause<ServiceEvidence>>>;

function handshakeFails(
  isMeant: (code: string) => boolean,
  command: (own: ServiceEvidence) => string,
): (own: ServiceEvidence) => Found | null {
  return (own) => {
    const { failed, chain } = own.handshake ?? { failed: null, chain: [] };
    const leaf = chain.at(0);
    if (failed === null || leaf === undefined || !isMeant(failed)) return null;
    return {
      evidence: [
        `${new URL(own.issuer).host}: ${failed}`,
        ...chain.map(({ subject, issuer }) => `${subject}, issued by ${issuer}`),
        `valid from ${leaf.validFrom} to ${leaf.validTo}, for ${leaf.names}`,
      ],
      command: command(own),
    };
  };
}

function showCertificates({ issuer, proxy }: ServiceEvidence): string {
  const { hostname, port } = new URL(issuer);
  const through = proxy === null ? [] : ['-proxy', new URL(proxy).host];
  const place = `${hostname}:${port === '' ? 443 : port}`;
  return quoteForSh('openssl', 's_client', '-connect', place, ...through, '-showcerts');
}
