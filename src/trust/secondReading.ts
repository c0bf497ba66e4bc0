// `@peculiar/x509` throws on import where no reflect polyfill was loaded before it: the order of these two matters.
import 'reflect-metadata';
import { X509Certificate } from '@peculiar/x509';
import { parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';

/**
 * Reads a certificate with our own reader and with `@peculiar/x509`, which share no code. Before a certificate goes into
 * a deployment both must find the same issuer, subject, serial number, validity and key.
 *
 * @returns null, or what is wrong as a sentence
 */
export function findReadingFault(der: Uint8Array): string | null {
  const own = tryRead(() => readOwn(der));
  const other = tryRead(() => readOther(der));
  if (own === null) return 'our own reader does not take it for a certificate';
  if (other === null) return '@peculiar/x509 does not take it for a certificate';
  return findDifference(own, other);
}

const FACTS = ['octets', 'issuer', 'subject', 'serial', 'notBefore', 'notAfter', 'key'] as const;

type Facts = Readonly<Record<(typeof FACTS)[number], string | number>>;

/** @returns null, or the first fact that differs as a sentence */
export function findDifference(own: Facts, other: Facts): string | null {
  const fact = FACTS.find((name) => own[name] !== other[name]);
  return fact === undefined ? null : `two readers find different values of its ${fact}`;
}

function tryRead(read: () => Facts): Facts | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function readOwn(der: Uint8Array): Facts {
  const { issuer, subject, serial, notBefore, notAfter, spki }: Certificate = parseCertificate(der);
  return {
    ...{ octets: hex(der), issuer: hex(issuer), subject: hex(subject), key: hex(spki) },
    ...{ serial: number(hex(serial)), notBefore, notAfter },
  };
}

function readOther(der: Uint8Array): Facts {
  const certificate = new X509Certificate(new Uint8Array(der));
  return {
    octets: hex(certificate.rawData),
    issuer: hex(certificate.issuerName.toArrayBuffer()),
    subject: hex(certificate.subjectName.toArrayBuffer()),
    serial: number(certificate.serialNumber),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    key: hex(certificate.publicKey.rawData),
  };
}

/** One reader keeps the zero octet before a high bit, the other does not. */
function number(hexadecimal: string): string {
  return hexadecimal.toLowerCase().replace(/^0+/, '');
}

function hex(octets: Uint8Array | ArrayBuffer): string {
  return Buffer.from(octets instanceof ArrayBuffer ? new Uint8Array(octets) : octets).toString('hex');
}
