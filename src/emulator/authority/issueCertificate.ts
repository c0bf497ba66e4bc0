import * as asn1js from 'asn1js';
import { randomBytes } from 'node:crypto';
import * as pkijs from 'pkijs';
import { subjectPublicKeyInfo, type KeyPair } from './keys.ts';
import { x509 } from './peculiar.ts';
import {
  defaultSignatureAlgorithm,
  signatureAlgorithmIdentifier,
  signOctets,
  type SignatureAlgorithmName,
} from './signatureAlgorithms.ts';

/** A distinguished name: RFC 4514 text such as `C=US, CN=metadata.azure.com`, or a list where the text form is too narrow. */
type DistinguishedName = string | x509.JsonName;

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER of the extension's value. */
  readonly value: Uint8Array<ArrayBuffer>;
}

type KeyUsage = keyof typeof x509.KeyUsageFlags;

/** A certificate and its key. */
export interface IssuedCertificate {
  readonly subject: DistinguishedName;
  readonly der: Uint8Array<ArrayBuffer>;
  readonly pem: string;
  readonly keys: KeyPair;
}

/** All that a certificate says. Whatever is absent is left out of the certificate: nothing here insists on good sense. */
export interface CertificateDescription {
  readonly subject: DistinguishedName;
  readonly keys: KeyPair;
  /** Whose name and key sign it; absent: its own. */
  readonly issuer?: Pick<IssuedCertificate, 'subject' | 'keys'>;
  /** Hexadecimal; random by default. */
  readonly serial?: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The subjectAltName, of any of the types that a GeneralName has. */
  readonly names?: readonly x509.JsonGeneralName[];
  /** At least one; an empty keyUsage can be written as one of the `moreExtensions`. */
  readonly keyUsage?: readonly KeyUsage[];
  /** Object identifiers. */
  readonly extendedKeyUsage?: readonly string[];
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  /** Subject and authority key identifiers; present unless `false`. */
  readonly keyIdentifiers?: boolean;
  /** Where the issuer's certificate and its list of revoked ones are found. */
  readonly addresses?: { readonly caIssuers: string; readonly crls: readonly string[] };
  readonly moreExtensions?: readonly Extension[];
  readonly signatureAlgorithm?: SignatureAlgorithmName;
  /** The last word on the certificate before it is signed: version, an extension twice, algorithms that disagree. */
  readonly change?: (certificate: pkijs.Certificate) => void;
  /** The last word on it after it is signed, so that the signature no longer fits. */
  readonly changeSigned?: (certificate: pkijs.Certificate) => void;
}

/**
 * Makes a certificate (RFC 5280 section 4.1). `@peculiar/x509` lays it out; the signature is added here, so that
 * certificates which no library would make can be signed as well.
 */
export async function issueCertificate(description: CertificateDescription): Promise<IssuedCertificate> {
  const issuer = description.issuer ?? description;
  const name = description.signatureAlgorithm ?? defaultSignatureAlgorithm(issuer.keys.publicKey);
  const certificate = pkijs.Certificate.fromBER(await layOut(description, issuer));
  certificate.signature = signatureAlgorithmIdentifier(name);
  certificate.signatureAlgorithm = signatureAlgorithmIdentifier(name);
  description.change?.(certificate);
  const tbs = certificate.encodeTBS().toBER();
  certificate.tbsView = new Uint8Array(tbs);
  const signature = signOctets(name, certificate.tbsView, issuer.keys.privateKey);
  certificate.signatureValue = new asn1js.BitString({ valueHex: signature.buffer });
  description.changeSigned?.(certificate);
  const der = new Uint8Array(certificate.toSchema().toBER());
  return { subject: description.subject, der, pem: encodePem(der), keys: description.keys };
}

async function layOut(description: CertificateDescription, issuer: { subject: DistinguishedName; keys: KeyPair }) {
  const laidOut = await x509.X509CertificateGenerator.create({
    serialNumber: description.serial ?? randomSerial(),
    subject: description.subject,
    issuer: issuer.subject,
    notBefore: new Date(description.notBefore),
    notAfter: new Date(description.notAfter),
    publicKey: subjectPublicKeyInfo(description.keys.publicKey),
    extensions: [...(await keyIdentifiers(description, issuer.keys)), ...statedExtensions(description)],
    signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5' },
    signature: new Uint8Array(1),
  });
  return laidOut.rawData;
}

async function keyIdentifiers(description: CertificateDescription, issuerKeys: KeyPair): Promise<x509.Extension[]> {
  if (description.keyIdentifiers === false) return [];
  const own = new x509.PublicKey(subjectPublicKeyInfo(description.keys.publicKey));
  const issuers = new x509.PublicKey(subjectPublicKeyInfo(issuerKeys.publicKey));
  return [
    await x509.SubjectKeyIdentifierExtension.create(own),
    await x509.AuthorityKeyIdentifierExtension.create(issuers),
  ];
}

function statedExtensions(description: CertificateDescription): x509.Extension[] {
  const { names, keyUsage, extendedKeyUsage, basicConstraints, addresses, moreExtensions } = description;
  const extensions: x509.Extension[] = [];
  if (keyUsage) extensions.push(new x509.KeyUsagesExtension(keyUsageFlags(keyUsage), true));
  if (names) extensions.push(new x509.SubjectAlternativeNameExtension([...names]));
  if (basicConstraints) {
    extensions.push(new x509.BasicConstraintsExtension(basicConstraints.ca, basicConstraints.pathLength, true));
  }
  if (extendedKeyUsage) extensions.push(new x509.ExtendedKeyUsageExtension([...extendedKeyUsage]));
  if (addresses) extensions.push(...addressExtensions(addresses));
  for (const { oid, critical, value } of moreExtensions ?? [])
    extensions.push(new x509.Extension(oid, critical, value));
  return extensions;
}

function addressExtensions({ caIssuers, crls }: Required<CertificateDescription>['addresses']): x509.Extension[] {
  return [new x509.AuthorityInfoAccessExtension({ caIssuers: [caIssuers] }), distributionPoint(crls)];
}

/** One point with several addresses, which `@peculiar/x509` would make several points of. */
function distributionPoint(addresses: readonly string[]): x509.Extension {
  const names = addresses.map((value) => new pkijs.GeneralName({ type: 6, value }));
  const point = new pkijs.DistributionPoint({ distributionPoint: names });
  const points = new pkijs.CRLDistributionPoints({ distributionPoints: [point] });
  return new x509.Extension(pkijs.id_CRLDistributionPoints, false, points.toSchema().toBER());
}

function keyUsageFlags(usages: readonly KeyUsage[]): x509.KeyUsageFlags {
  return usages.map((usage) => x509.KeyUsageFlags[usage]).reduce((flags, flag) => flags | flag);
}

/** Positive and without a leading zero octet, so that it is its own minimal encoding. */
function randomSerial(): string {
  return `41${randomBytes(18).toString('hex')}`;
}

export function encodePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
