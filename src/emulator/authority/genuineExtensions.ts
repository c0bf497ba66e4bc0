import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { CertificateDescription, Extension } from './issueCertificate.ts';
import type { Addresses } from './publishing.ts';

/*
 * What genuine certificates of 2026 have beside what a path needs: addresses, policies, and what Microsoft's certificate
 * services and transparency logs leave in them.
 */

const ORGANISATION_VALIDATED = '2.23.140.1.2.2';
const MICROSOFT_TLS = '1.3.6.1.4.1.311.76.509.1.1';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

type Additions = Pick<CertificateDescription, 'addresses' | 'moreExtensions'>;

/** Of a root: it may sign for the domain and the names under it, and for no others (RFC 5280 section 4.2.1.10). */
export function rootAdditions(domain: string): Additions {
  const permitted = new pkijs.GeneralSubtree({ base: new pkijs.GeneralName({ type: 2, value: domain }) });
  const constraints = new pkijs.NameConstraints({ permittedSubtrees: [permitted] });
  return { moreExtensions: [extension('2.5.29.30', constraints.toSchema(), true)] };
}

/** Of a CA that another one certified. */
export function caAdditions(addresses: Addresses): Additions {
  return { addresses, moreExtensions: [policies(policy(ORGANISATION_VALIDATED))] };
}

/** Of a signing certificate. */
export function leafAdditions(addresses: Addresses): Additions {
  const issued = policies(policy(ORGANISATION_VALIDATED), policy(MICROSOFT_TLS, addresses.practice));
  return { addresses, moreExtensions: [loggedTimestamps(), applicationPolicies(), certificateTemplate(), issued] };
}

const PRACTICE_STATEMENT = '1.3.6.1.5.5.7.2.1';

/** A PolicyInformation (RFC 5280 section 4.2.1.4), with the address of a practice statement where one is given. */
function policy(oid: string, practice?: string): asn1js.Sequence {
  const policyIdentifier = new asn1js.ObjectIdentifier({ value: oid });
  if (practice === undefined) return sequence(policyIdentifier);
  const kind = new asn1js.ObjectIdentifier({ value: PRACTICE_STATEMENT });
  return sequence(policyIdentifier, sequence(sequence(kind, new asn1js.IA5String({ value: practice }))));
}

function policies(...listed: readonly asn1js.Sequence[]): Extension {
  return extension('2.5.29.32', sequence(...listed));
}

/** Microsoft's own way to write the extended key usage. */
function applicationPolicies(): Extension {
  return extension('1.3.6.1.4.1.311.21.10', sequence(policy(SERVER_AUTH)));
}

function certificateTemplate(): Extension {
  const template = new asn1js.ObjectIdentifier({ value: '1.3.6.1.4.1.311.21.8.8728390.4210001.10.23.1' });
  const version = [new asn1js.Integer({ value: 100 }), new asn1js.Integer({ value: 32 })];
  return extension('1.3.6.1.4.1.311.21.7', sequence(template, ...version));
}

/** Lengths in octets, as in the genuine ones. */
const TIMESTAMPS = { count: 3, logId: 32, time: 8, signature: 71 };

/** Signed certificate timestamps in their form (RFC 6962 section 3.3), of logs that do not exist, with octets in place of signatures. */
function loggedTimestamps(): Extension {
  const list = Array.from({ length: TIMESTAMPS.count }, (_, index) => {
    const logId = madeUp(`log ${index}`, TIMESTAMPS.logId);
    const signature = madeUp(`signature ${index}`, TIMESTAMPS.signature);
    const algorithm = Uint8Array.of(4, 3);
    const extensions = Uint8Array.of(0, 0);
    const time = new Uint8Array(TIMESTAMPS.time);
    return counted(Buffer.concat([Uint8Array.of(0), logId, time, extensions, algorithm, counted(signature)]));
  });
  return extension('1.3.6.1.4.1.11129.2.4.2', new asn1js.OctetString({ valueHex: counted(Buffer.concat(list)) }));
}

function madeUp(label: string, length: number): Buffer {
  const digests = ['first', 'second', 'third'].map((part) =>
    createHash('sha256')
      .update(label + part)
      .digest(),
  );
  return Buffer.concat(digests).subarray(0, length);
}

/** After its length in two octets, as TLS writes it. */
function counted(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([Uint8Array.of(octets.length >> 8, octets.length & 0xff), octets]));
}

function sequence(...value: asn1js.BaseBlock[]): asn1js.Sequence {
  return new asn1js.Sequence({ value });
}

function extension(oid: string, value: asn1js.BaseBlock, critical = false): Extension {
  return { oid, critical, value: new Uint8Array(value.toBER()) };
}
