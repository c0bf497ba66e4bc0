import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { Fault } from './fault.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** DER of NULL. */
const NULL = Uint8Array.of(5, 0);

/** Documents that are rightly signed, by a certificate that must not sign them. */
export const SIGNER_FAULTS = {
  'wrong-signer': {
    does: 'signs under an authority that is not pinned',
    leadsTo: 'issuer_unknown',
    leaf: async ({ stranger, usual }) => (await stranger()).issueLeaf(usual),
  },
  'self-signed': {
    does: 'signs with a self-signed certificate',
    leadsTo: 'issuer_unknown',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, issuer: undefined }),
  },
  'wrong-name': {
    does: 'signs with a certificate for a name that only begins like the right one',
    leadsTo: 'signer_unexpected',
    leaf: ({ authority, usual }) =>
      authority.issueLeaf({ ...usual, names: domainNames(`${authority.domain}.example`) }),
  },
  'other-cloud': {
    does: 'signs with a certificate for the name of Azure China',
    leadsTo: 'cloud_not_accepted',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, names: domainNames(AZURE_CLOUDS.AzureChinaCloud) }),
  },
  'expired-certificate': {
    does: 'signs with a certificate that ended an hour ago',
    leadsTo: 'certificate_expired',
    leaf: ({ authority, usual, at }) =>
      authority.issueLeaf({ ...usual, notBefore: at - 180 * DAY, notAfter: at - HOUR }),
  },
  'future-certificate': {
    does: 'signs with a certificate that begins in an hour',
    leadsTo: 'certificate_not_yet_valid',
    leaf: ({ authority, usual, at }) =>
      authority.issueLeaf({ ...usual, notBefore: at + HOUR, notAfter: at + 180 * DAY }),
  },
  'wrong-usage': {
    does: 'signs with a certificate for clients',
    leadsTo: 'path_invalid',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, extendedKeyUsage: [CLIENT_AUTH] }),
  },
  'signer-is-ca': {
    does: 'signs with a certificate that may issue others',
    leadsTo: 'path_invalid',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, basicConstraints: { ca: true } }),
  },
  'unknown-extension': {
    does: 'signs with a certificate that has a critical extension which nobody knows',
    leadsTo: 'path_invalid',
    leaf: ({ authority, usual }) =>
      authority.issueLeaf({ ...usual, moreExtensions: [{ oid: '1.2.3.4', critical: true, value: NULL }] }),
  },
  'weak-key': {
    does: 'signs with an RSA key of 1,024 bits',
    leadsTo: 'path_invalid',
    leaf: async ({ authority, usual }) =>
      authority.issueLeaf({ ...usual, keys: await authority.keys('weak', 'rsa-1024') }),
  },
  'weak-certificate': {
    does: 'signs with a certificate that is itself signed with SHA-1',
    leadsTo: 'path_invalid',
    leaf: ({ authority, usual }) => authority.issueLeaf({ ...usual, signatureAlgorithm: 'rsa-sha1' }),
  },
} as const satisfies Record<string, Fault>;

function domainNames(domain: string) {
  return [
    { type: 'dns' as const, value: `eastus.${domain}` },
    { type: 'dns' as const, value: domain },
  ];
}
