import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { systemErrorCode } from '../../../../clientError.ts';

/** What became of NODE_EXTRA_CA_CERTS. */
export interface ExtraAuthorities {
  readonly path: string;
  /** The system's code where this user cannot read the file; null where it was read. */
  readonly failed: string | null;
  /** How many certificates the file has. */
  readonly inFile: number;
  /** How many of them this process believes; null where this Node cannot tell. */
  readonly believed: number | null;
}

export function lookAtExtraAuthorities(env: NodeJS.ProcessEnv): ExtraAuthorities | null {
  const path = env['NODE_EXTRA_CA_CERTS'] ?? '';
  if (path === '') return null;
  const { getCACertificates } = tls as { getCACertificates?: (type: 'extra') => readonly string[] };
  return { path, ...countCertificates(path), believed: getCACertificates?.('extra').length ?? null };
}

function countCertificates(path: string): Pick<ExtraAuthorities, 'failed' | 'inFile'> {
  try {
    const certificates = readFileSync(path, 'latin1').match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g);
    return { failed: null, inFile: certificates?.length ?? 0 };
  } catch (error) {
    return { failed: systemErrorCode(error) ?? 'EUNKNOWN', inFile: 0 };
  }
}
