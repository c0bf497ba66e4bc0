import { createRequire } from 'node:module';
import type { SignedDocument } from './cms/signedData.ts';
import { EvidenceError } from './evidenceError.ts';
import type * as secondReading from './secondReading.ts';
import type { Certificate } from './x509/certificate.ts';

/** `findReadingDifference` of `secondReading.ts`. */
export type SecondReader = typeof secondReading.findReadingDifference;

let reader: SecondReader | null = null;

/**
 * Loads the second reader and its ASN.1 libraries, which weigh more than the rest of the verifier. Only a leaf that is met
 * for the first time needs it, so it is a file of its own: `#second-reading`, a name that package.json resolves. A program
 * calls this when it has time; the first new leaf calls it otherwise.
 *
 * @throws Error where the file cannot be loaded: no new leaf is accepted then
 */
export function loadSecondReader(): SecondReader {
  if (reader === null) {
    const require = createRequire(import.meta.url);
    const loaded = require('#second-reading') as typeof secondReading;
    reader = loaded.findReadingDifference;
  }
  return reader;
}

/** Takes the reader from a program that loads it in its own way, such as one that is a bundle. */
export function provideSecondReader(provided: SecondReader): void {
  reader = provided;
}

/** @throws {EvidenceError} `readings_differ` */
export function checkSecondReading(octets: Uint8Array, document: SignedDocument, certificate: Certificate): void {
  const difference = loadSecondReader()(octets, document, certificate);
  if (difference === null) return;
  throw new EvidenceError('reading', 'readings_differ', difference, { code: 'readings_differ', difference });
}
