import { readFileSync } from 'node:fs';
import { readPemBlocks } from './pem.ts';
import { parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';

/** The certificates of a PEM file; null where it cannot be read, holds none, or one that is not well formed. */
export function readCertificateFile(file: string): readonly Certificate[] | null {
  try {
    const blocks = readPemBlocks(readFileSync(file, 'utf8'));
    const certificates = blocks.filter((block) => block !== null).map((der) => parseCertificate(der));
    return certificates.length > 0 && certificates.length === blocks.length ? certificates : null;
  } catch {
    return null;
  }
}
