import { DerError, DerReader, TAG, checkDer, constructedContextTag, contextTag, formatOid } from '../der.ts';
import { readGeneralName } from './generalName.ts';
import type { GeneralName } from './generalName.ts';
import { readNameConstraints } from './nameConstraints.ts';
import type { NameConstraints } from './nameConstraints.ts';

/** An extension as it stands in the certificate. */
export interface RawExtension {
  /** Dotted OID */
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
}

/** RFC 5280 section 4.2.1.1. Issuer and serial number are those of the issuer's own certificate: both are there, or neither. */
export interface AuthorityKeyIdentifier {
  readonly critical: boolean;
  readonly keyIdentifier: Uint8Array | null;
  readonly issuerNames: readonly GeneralName[];
  readonly serial: Uint8Array | null;
}

/** The extensions that path validation reads (RFC 5280 section 4.2.1), decoded; absent ones are absent. */
export interface Extensions {
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier;
  readonly subjectKeyIdentifier?: { readonly critical: boolean; readonly keyIdentifier: Uint8Array };
  readonly keyUsage?: KeyUsage;
  readonly subjectAltName?: { readonly critical: boolean; readonly names: readonly GeneralName[] };
  readonly basicConstraints?: { readonly critical: boolean; readonly ca: boolean; readonly pathLength: number | null };
  readonly nameConstraints?: { readonly critical: boolean; readonly constraints: NameConstraints };
  readonly policyConstraints?: { readonly critical: boolean };
  readonly extendedKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
}

/** What could be decoded, and the first thing that could not. */
export interface DecodedExtensions {
  readonly extensions: Extensions;
  /** A sentence for operators; null where all is well. */
  readonly fault: string | null;
}

/** The walk over the certificate does not look into the extensions' octet strings; these are its figures. */
const LIMITS = { depth: 12, elements: 8192 };

type Decoder = (value: DerReader, critical: boolean) => Extensions;

/**
 * Extensions that are processed. Certificate policies and inhibitAnyPolicy are here because with any policy acceptable and
 * none required they cannot make a path invalid (RFC 5280 section 6.1.5 (g)); policyConstraints can, and is refused by
 * the path rules.
 */
const DECODERS: Readonly<Record<string, Decoder>> = {
  '2.5.29.14': decodeSubjectKeyIdentifier,
  '2.5.29.15': decodeKeyUsage,
  '2.5.29.17': decodeSubjectAltName,
  '2.5.29.19': decodeBasicConstraints,
  '2.5.29.30': (value, critical) => ({ nameConstraints: { critical, constraints: readNameConstraints(value) } }),
  '2.5.29.32': decodeCertificatePolicies,
  '2.5.29.35': decodeAuthorityKeyIdentifier,
  '2.5.29.36': decodePolicyConstraints,
  '2.5.29.37': decodeExtendedKeyUsage,
  '2.5.29.54': decodeInhibitAnyPolicy,
};

/** Authority information access: understood as far as its form goes, and never followed; it must not be critical. */
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';

/**
 * Decodes what path validation needs. A fault makes the certificate useless, but does not hide what could be read.
 */
export function decodeExtensions(raw: readonly RawExtension[]): DecodedExtensions {
  let extensions: Extensions = {};
  let fault: string | null = null;
  const seen = new Set<string>();
  for (const { oid, critical, value } of raw) {
    if (seen.has(oid)) fault ??= `extension ${oid} stands twice (RFC 5280 section 4.2)`;
    seen.add(oid);
    const decoder = oid === AUTHORITY_INFO_ACCESS ? checkAuthorityInfoAccess : DECODERS[oid];
    if (decoder === undefined) {
      if (critical) fault ??= `critical extension ${oid} is not known (RFC 5280 section 4.2)`;
      continue;
    }
    try {
      extensions = { ...extensions, ...decodeValue(decoder, value, critical) };
    } catch (error) {
      // Whatever went wrong: what cannot be read is a fault, and a fault refuses the certificate.
      fault ??= `extension ${oid} is malformed: ${String(error)}`;
    }
  }
  return { extensions, fault };
}

function decodeValue(decoder: Decoder, value: Uint8Array, critical: boolean): Extensions {
  checkDer(value, LIMITS);
  const reader = new DerReader(value);
  const decoded = decoder(reader, critical);
  reader.finish();
  return decoded;
}

function decodeSubjectKeyIdentifier(value: DerReader, critical: boolean): Extensions {
  return { subjectKeyIdentifier: { critical, keyIdentifier: value.readContent(TAG.octetString) } };
}

/** keyIdentifier [0], authorityCertIssuer [1], authorityCertSerialNumber [2]. */
function decodeAuthorityKeyIdentifier(value: DerReader, critical: boolean): Extensions {
  const sequence = value.enter(TAG.sequence);
  const keyIdentifier = sequence.hasNext(contextTag(0)) ? sequence.readContent(contextTag(0)) : null;
  const hasIssuer = sequence.hasNext(constructedContextTag(1));
  const issuerNames = hasIssuer ? readGeneralNames(sequence.enter(constructedContextTag(1))) : [];
  const serial = sequence.hasNext(contextTag(2)) ? sequence.readContent(contextTag(2)) : null;
  sequence.finish();
  // RFC 5280 appendix A.2
  if (hasIssuer !== (serial !== null)) throw new DerError('an issuer without a serial number, or the other way round');
  return { authorityKeyIdentifier: { critical, keyIdentifier, issuerNames, serial } };
}

/** RFC 5280 section 4.2.1.3: bit 0 is digitalSignature, bit 5 keyCertSign; at least one bit is set. */
function decodeKeyUsage(value: DerReader): Extensions {
  const bits = value.readContent(TAG.bitString);
  const first = bits[1] ?? 0;
  if (bits.subarray(1).every((octet) => octet === 0)) throw new DerError('no key usage');
  return { keyUsage: { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 } };
}

function decodeSubjectAltName(value: DerReader, critical: boolean): Extensions {
  return { subjectAltName: { critical, names: readGeneralNames(value.enter(TAG.sequence)) } };
}

/** GeneralNames: at least one. */
function readGeneralNames(sequence: DerReader): GeneralName[] {
  const names: GeneralName[] = [];
  do names.push(readGeneralName(sequence));
  while (!sequence.atEnd);
  return names;
}

/** RFC 5280 section 4.2.1.9; DER leaves the default of cA out. */
function decodeBasicConstraints(value: DerReader, critical: boolean): Extensions {
  const sequence = value.enter(TAG.sequence);
  const ca = sequence.hasNext(TAG.boolean);
  if (ca && sequence.readContent(TAG.boolean)[0] !== 0xff) throw new DerError('cA is written out as false');
  const pathLength = sequence.atEnd ? null : readSmallInteger(sequence);
  sequence.finish();
  return { basicConstraints: { critical, ca, pathLength } };
}

function readSmallInteger(reader: DerReader): number {
  const content = Buffer.from(reader.readContent(TAG.integer));
  if (content.readInt8() < 0) throw new DerError('a negative number');
  // Longer numbers are larger than any path.
  return content.length > 4 ? Infinity : content.readUIntBE(0, content.length);
}

function decodeCertificatePolicies(value: DerReader): Extensions {
  const sequence = value.enter(TAG.sequence);
  do sequence.enter(TAG.sequence).readContent(TAG.oid);
  while (!sequence.atEnd);
  return {};
}

function decodeInhibitAnyPolicy(value: DerReader): Extensions {
  readSmallInteger(value);
  return {};
}

function decodePolicyConstraints(value: DerReader, critical: boolean): Extensions {
  value.readContent(TAG.sequence);
  return { policyConstraints: { critical } };
}

/** Public CAs' own certificates name up to about 20, leaves a handful; each one is compared with each one of others. */
const MAX_PURPOSES = 100;

/** RFC 5280 section 4.2.1.12: at least one purpose. */
function decodeExtendedKeyUsage(value: DerReader, critical: boolean): Extensions {
  const sequence = value.enter(TAG.sequence);
  const purposes: string[] = [];
  do purposes.push(formatOid(sequence.readContent(TAG.oid)));
  while (!sequence.atEnd && purposes.length < MAX_PURPOSES);
  sequence.finish();
  return { extendedKeyUsage: { critical, purposes } };
}

/** RFC 5280 section 4.2.2.1. */
function checkAuthorityInfoAccess(value: DerReader, critical: boolean): Extensions {
  if (critical) throw new DerError('it must not be critical');
  const sequence = value.enter(TAG.sequence);
  do {
    const description = sequence.enter(TAG.sequence);
    description.readContent(TAG.oid);
    readGeneralName(description);
    description.finish();
  } while (!sequence.atEnd);
  return {};
}
