import { rootCertificates } from 'node:tls';
import { readPemBlocks } from './pem.ts';

/** The DER of the roots that are bundled with this Node.js. They change with its version. */
export function readNodeRoots(): readonly Uint8Array[] {
  return rootCertificates.flatMap(readPemBlocks).filter((block) => block !== null);
}
