import { createPublicKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  DerError,
  DerReader,
  TAG,
  checkDer,
  constructedContextTag,
  contextTag,
  formatOid,
  isEqualOctets,
} from '../der.ts';
import { decodeExtensions } from './extensions.ts';
import type { Extensions, RawExtension } from './extensions.ts';
import { parseName, readCommonName } from './name.ts';
import type { DistinguishedName } from './name.ts';
import { isWellFormedName } from './nameSyntax.ts';
import { parsePublicKeyFacts } from './publicKey.ts';
import type { PublicKeyFacts } from './publicKey.ts';
import { readTime } from './time.ts';

/** A certificate (RFC 5280 section 4.1) as it was read. Nothing in it is believed yet. Octets are views of its DER. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  /** The octets under the certificate's signature. */
  readonly tbs: Uint8Array;
  /** Content octets of the serial number's INTEGER. */
  readonly serial: Uint8Array;
  /** The issuer's and the subject's Name, whole, in DER: what name chaining and the SignerInfo compare. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly issuerName: DistinguishedName;
  readonly subjectName: DistinguishedName;
  /** First common names, for people. */
  readonly issuerCommonName: string | null;
  readonly commonName: string | null;
  /** Milliseconds since the epoch, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, whole, and its SHA-256 in lower-case hex. */
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  readonly keyFacts: PublicKeyFacts;
  /** The signature algorithm's AlgorithmIdentifier, whole. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
  /** Why no path may hold this certificate whatever its place, as a sentence; null where nothing is wrong by itself. */
  readonly fault: string | null;
  /** Made at the first call and kept. Throws where node:crypto does not take the key. */
  publicKey(): KeyObject;
}

/**
 * OpenSSL's TLS takes at most 100 KiB of certificates from a peer. The largest that public suites expect to be accepted has
 * 6.4 KB, those of Azure under 2.5 KB.
 */
export const MAX_CERTIFICATE_OCTETS = 100 * 1024;

/** Azure's are 9 levels deep at most, and have about 150 elements; one with a thousand names has some 2,000. */
export const CERTIFICATE_LIMITS = { depth: 16, elements: 8192 };

interface Body {
  readonly version: number;
  readonly serial: Uint8Array;
  readonly innerAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly rawExtensions: readonly RawExtension[];
}

/**
 * Reads one certificate strictly.
 *
 * @throws {DerError} where the structure is broken. What is well formed but against RFC 5280 is told by `fault`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_OCTETS) throw new DerError('a certificate of more than 100 KiB');
  checkDer(der, CERTIFICATE_LIMITS);
  const certificate = new DerReader(der).enter(TAG.sequence);
  const tbs = certificate.readElement(TAG.sequence);
  const signatureAlgorithm = certificate.readElement(TAG.sequence);
  const signature = certificate.readOctetAlignedBits();
  certificate.finish();
  const body = readBody(new DerReader(tbs).enter(TAG.sequence));
  const { extensions, fault } = decodeExtensions(body.rawExtensions);
  const { serial, issuer, subject, spki, notBefore, notAfter } = body;
  const issuerName = parseName(issuer);
  const subjectName = parseName(subject);
  let key: KeyObject | undefined;
  return {
    ...{ der, tbs, serial, issuer, subject, issuerName, subjectName, notBefore, notAfter, spki },
    ...{ signatureAlgorithm, signature, extensions },
    sha256: hash('sha256', der, 'hex'),
    spkiSha256: hash('sha256', spki, 'hex'),
    keyFacts: parsePublicKeyFacts(spki),
    issuerCommonName: readCommonName(issuerName),
    commonName: readCommonName(subjectName),
    fault: findFault(body, signatureAlgorithm, extensions) ?? fault,
    publicKey: () => (key ??= createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })),
  };
}

function readBody(body: DerReader): Body {
  const version = readVersion(body);
  const serial = body.readContent(TAG.integer);
  const innerAlgorithm = body.readElement(TAG.sequence);
  const issuer = body.readElement(TAG.sequence);
  const validity = body.enter(TAG.sequence);
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.finish();
  const subject = body.readElement(TAG.sequence);
  const spki = body.readElement(TAG.sequence);
  // Unique identifiers are allowed by the grammar and mean nothing today (RFC 5280 section 4.1.2.8).
  for (const tag of [contextTag(1), contextTag(2)]) if (body.hasNext(tag)) body.readContent(tag);
  const rawExtensions = body.hasNext(constructedContextTag(3)) ? readExtensions(body) : [];
  body.finish();
  return { version, serial, innerAlgorithm, issuer, notBefore, notAfter, subject, spki, rawExtensions };
}

/** DER leaves the default (v1) out; the versions are written 1 for v2 and 2 for v3. */
function readVersion(body: DerReader): number {
  if (!body.hasNext(constructedContextTag(0))) return 1;
  const explicit = body.enter(constructedContextTag(0));
  const content = explicit.readContent(TAG.integer);
  explicit.finish();
  const value = [1, 2].find((known) => content.length === 1 && content[0] === known);
  if (value === undefined) throw new DerError('certificate version');
  return value + 1;
}

function readExtensions(body: DerReader): RawExtension[] {
  const explicit = body.enter(constructedContextTag(3));
  const sequence = explicit.enter(TAG.sequence);
  explicit.finish();
  const extensions: RawExtension[] = [];
  do {
    const extension = sequence.enter(TAG.sequence);
    const oid = formatOid(extension.readContent(TAG.oid));
    const critical = extension.hasNext(TAG.boolean);
    if (critical && extension.readContent(TAG.boolean)[0] !== 0xff)
      throw new DerError('critical is written out as false');
    extensions.push({ oid, critical, value: extension.readContent(TAG.octetString) });
    extension.finish();
  } while (!sequence.atEnd);
  return extensions;
}

/** What RFC 5280 section 4.1 asks of every certificate by itself. */
function findFault(body: Body, outerAlgorithm: Uint8Array, extensions: Extensions): string | null {
  const { version, innerAlgorithm } = body;
  if (version !== 3) return 'the certificate is not version 3 (RFC 5280 section 4.1.2.1)';
  if (!isEqualOctets(innerAlgorithm, outerAlgorithm)) {
    return 'the inner and the outer signature algorithm differ (RFC 5280 section 4.1.1.2)';
  }
  if (isEmptyName(body.issuer)) return 'the issuer is empty (RFC 5280 section 4.1.2.4)';
  return findExtensionFault(extensions, isEmptyName(body.subject));
}

/** Where getting the extensions of RFC 5280 section 4.2.1 wrong changes what others accept. */
function findExtensionFault(extensions: Extensions, hasEmptySubject: boolean): string | null {
  const { authorityKeyIdentifier, subjectKeyIdentifier, subjectAltName } = extensions;
  if (authorityKeyIdentifier?.critical) return 'the authority key identifier is critical (RFC 5280 section 4.2.1.1)';
  if (subjectKeyIdentifier?.critical) return 'the subject key identifier is critical (RFC 5280 section 4.2.1.2)';
  if (hasEmptySubject && subjectAltName?.critical !== true) {
    return 'the subject is empty and the alternative name not critical (RFC 5280 section 4.2.1.6)';
  }
  if (subjectAltName?.names.every(isWellFormedName) === false) {
    return 'an alternative name is not in the form of its type (RFC 5280 section 4.2.1.6)';
  }
  return findClaimFault(extensions);
}

/** What only a CA may claim (RFC 5280 section 4.2.1.9). */
function findClaimFault({ basicConstraints, keyUsage }: Extensions): string | null {
  if (basicConstraints?.ca === true) return null;
  if (keyUsage?.keyCertSign === true)
    return 'certificate signing is claimed without being a CA (RFC 5280 section 4.2.1.9)';
  if ((basicConstraints?.pathLength ?? null) === null) return null;
  return 'a path length is stated without being a CA (RFC 5280 section 4.2.1.9)';
}

/** An empty SEQUENCE is two octets. */
function isEmptyName(name: Uint8Array): boolean {
  return name.length === 2;
}

export function isSelfIssued(certificate: Certificate): boolean {
  return isEqualOctets(certificate.issuer, certificate.subject);
}
