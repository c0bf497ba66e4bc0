import { rootCertificates } from 'node:tls';
import { readPemBlocks } from './pem.ts';

/** The DER of the roots that this Node.js brings along. Which they are changes with its version. */
export function readNodeRoots(): readonly Uint8Array[] {
  return rootCertificates.flatMap(readPemBlocks).filter((block) => block !== null);
}
