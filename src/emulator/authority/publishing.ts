import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { IssuedCertificate } from './issueCertificate.ts';
import { subjectPublicKeyInfo } from './keys.ts';
import type { Reply } from '../protocol/reply.ts';
import { defaultSignatureAlgorithm, signatureAlgorithmIdentifier, signOctets } from './signatureAlgorithms.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Where what one issuer publishes is found, as the certificates that it signs say. */
export interface Addresses {
  /** Of the issuer's own certificate. */
  readonly caIssuers: string;
  /** Of the list of certificates that it revoked, in both of its places. */
  readonly crls: readonly string[];
  /** What the policies refer to. */
  readonly practice: string;
}

/** A CA certificate with the last part of its subject, the common name. */
export interface NamedCertificate extends IssuedCertificate {
  readonly facts: { readonly name: string };
}

/**
 * The addresses begin like Azure's. The digests in them keep apart what is published at one address by emulators that
 * have one name and different keys: clients keep CRLs by address.
 *
 * @param certificate the one to offer for the issuer's name and key, where there are several
 */
export function addressesOf(baseUrl: string, issuer: NamedCertificate, certificate = issuer): Addresses {
  return {
    caIssuers: baseUrl + certificatePath(certificate),
    crls: crlPaths(issuer).map((path) => baseUrl + path),
    practice: baseUrl + PRACTICE,
  };
}

function certificatePath({ facts, der }: NamedCertificate): string {
  return `/pkiops/certs/${encodeURIComponent(facts.name)}-${shortDigest(der)}.crt`;
}

/** Azure's stand in two places. */
function crlPaths({ facts, keys }: NamedCertificate): string[] {
  const key = subjectPublicKeyInfo(keys.publicKey);
  const path = `/pkiops/crl/${encodeURIComponent(facts.name)}-${shortDigest(key)}.crl`;
  return [path, `/crl2${path}`];
}

const PRACTICE = '/pkiops/Docs/Repository.htm';
const STATEMENT = 'This authority signs for tests. Trust its root in one process, never in a machine.\n';

function shortDigest(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex').slice(0, 8);
}

/**
 * Answers for the addresses in an authority's certificates.
 *
 * @returns given a path and a clock, the answer; null where the path is none of the authority's
 */
export function createPublishing(
  certificates: readonly NamedCertificate[],
): (path: string, clock: () => number) => Reply | null {
  const files = new Map<string, (at: number) => Reply>([[PRACTICE, () => ({ status: 200, body: STATEMENT })]]);
  for (const certificate of certificates) {
    files.set(certificatePath(certificate), () => file('application/pkix-cert', certificate.der));
    // The cross-signed root has the root's name and key, and the same list.
    const list = createCrlFile(certificate);
    for (const path of crlPaths(certificate)) files.set(path, list);
  }
  return (path, clock) => files.get(path)?.(clock()) ?? null;
}

function file(type: string, octets: Uint8Array): Reply {
  return { status: 200, body: octets, headers: { 'content-type': type } };
}

/** The list of a day is signed when it is first asked for. */
function createCrlFile(issuer: NamedCertificate): (at: number) => Reply {
  let latest = { day: Number.NaN, reply: file('', new Uint8Array()) };
  return (at) => {
    const day = Math.floor(at / DAY);
    if (latest.day !== day) latest = { day, reply: file('application/pkix-crl', signEmptyCrl(issuer, day)) };
    return latest.reply;
  };
}

const CRL_NUMBER = '2.5.29.20';

/** A certificate revocation list (RFC 5280 section 5.1) of that day and a week more, in which nothing is revoked. */
function signEmptyCrl(issuer: NamedCertificate, day: number): Uint8Array<ArrayBuffer> {
  const { subject, extensions = [] } = pkijs.Certificate.fromBER(issuer.der);
  const name = defaultSignatureAlgorithm(issuer.keys.publicKey);
  const number = new asn1js.Integer({ value: day }).toBER();
  const list = new pkijs.CertificateRevocationList({
    version: 1,
    signature: signatureAlgorithmIdentifier(name),
    signatureAlgorithm: signatureAlgorithmIdentifier(name),
    issuer: subject,
    thisUpdate: new pkijs.Time({ type: pkijs.TimeType.UTCTime, value: new Date((day - 1) * DAY) }),
    nextUpdate: new pkijs.Time({ type: pkijs.TimeType.UTCTime, value: new Date((day + 7) * DAY) }),
    crlExtensions: new pkijs.Extensions({
      extensions: [
        ...authorityKeyIdentifier(extensions),
        new pkijs.Extension({ extnID: CRL_NUMBER, extnValue: number }),
      ],
    }),
  });
  list.tbsView = new Uint8Array(contentToSign(list).toBER());
  const signature = signOctets(name, list.tbsView, issuer.keys.privateKey);
  list.signatureValue = new asn1js.BitString({ valueHex: signature.buffer });
  return new Uint8Array((list.toSchema() as asn1js.Sequence).toBER());
}

/** The first part of a CertificateList. */
function contentToSign(list: pkijs.CertificateRevocationList): asn1js.BaseBlock {
  const [content] = (list.toSchema(true) as asn1js.Sequence).valueBlock.value;
  if (!content) throw new Error('a list has content');
  return content;
}

/** The issuer's own key identifier, as that of who signed the list. */
function authorityKeyIdentifier(extensions: readonly pkijs.Extension[]): pkijs.Extension[] {
  const own = extensions.find(({ extnID }) => extnID === pkijs.id_SubjectKeyIdentifier);
  if (!own) return [];
  const keyIdentifier = new asn1js.OctetString({
    valueHex: (own.parsedValue as asn1js.OctetString).valueBlock.valueHexView,
  });
  const extnValue = new pkijs.AuthorityKeyIdentifier({ keyIdentifier }).toSchema().toBER();
  return [new pkijs.Extension({ extnID: pkijs.id_AuthorityKeyIdentifier, extnValue })];
}
