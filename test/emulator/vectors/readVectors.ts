import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vector, VectorFile } from '../../../src/emulator/vectors/vectorFile.ts';
import { readPemBlocks } from '../../../src/trust/pem.ts';
import type { VerifyOptions } from '../../../src/verifier/verifyEvidence.ts';
import { isSelfIssued, parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { Trust } from '../../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../../src/verifier/x509/trustedCertificates.ts';
import type { TrustedCertificatesInput } from '../../../src/verifier/x509/trustedCertificates.ts';

/** The vectors as one who has nothing but the folder reads them. */
export function readVectors(folder: string): readonly Vector[] {
  return (JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8')) as VectorFile).vectors;
}

/** What was sent: octets, or text that is taken for base64. */
export function readDocument(folder: string, { document, form }: Vector): Uint8Array | string {
  const octets = readFileSync(join(folder, document));
  return form === 'text' ? octets.toString('utf8') : octets;
}

/** All that a vector asks of our verifier. A cloud is called by its domain. */
export function readOptions(folder: string, { trust, domain, otherClouds = [], ...rest }: Vector): VerifyOptions {
  const { certificates, missing, distrusted, rootKeys } = trust;
  const more = {
    ...(missing && { missing }),
    ...(distrusted && { distrusted: new Set(distrusted) }),
    ...(rootKeys && { rootKeys: new Set(rootKeys) }),
  };
  const clouds = [createCloud(domain, { ...readTrusted(folder, certificates), ...more })].concat(
    otherClouds.map((other) => createCloud(other.domain, readTrusted(folder, other.certificates))),
  );
  const { acceptedDomains, requiredClaims, maximumAgeSeconds, clockSkewSeconds } = rest.rules;
  const maximumAge = maximumAgeSeconds === null ? null : maximumAgeSeconds * 1000;
  const policy = { acceptedClouds: acceptedDomains, requiredClaims, maximumAge, clockSkew: clockSkewSeconds * 1000 };
  return { trust: new Trust(clouds, 'vectors'), policy, at: Date.parse(rest.at), nonce: rest.nonce };
}

function createCloud(domain: string, input: TrustedCertificatesInput) {
  return { name: domain, domain, isPinned: true, certificates: new TrustedCertificates(input) };
}

/** Self-signed ones are the anchors. */
function readTrusted(folder: string, file: string): TrustedCertificatesInput {
  const blocks = readPemBlocks(readFileSync(join(folder, file), 'utf8'));
  const all = blocks.flatMap((block) => (block === null ? [] : [parseCertificate(block)]));
  return { anchors: all.filter(isSelfIssued), intermediates: all.filter((each) => !isSelfIssued(each)) };
}
