import { formatInstant } from '../../contract/instants.ts';
import { DerReader, TAG, constructedContextTag, formatOid } from '../../verifier/der.ts';
import { parseCertificate } from '../../verifier/x509/certificate.ts';
import type { Certificate } from '../../verifier/x509/certificate.ts';
import type { GeneralName } from '../../verifier/x509/generalName.ts';
import { readDirectoryString } from '../../verifier/x509/name.ts';
import type { DistinguishedName } from '../../verifier/x509/name.ts';
import { CA_ORGANISATION, CA_WORD, REGION, SIGNING_DOMAINS, isPublicOid } from './harmless.ts';
import type { StandIns } from './standIns.ts';

const COMMON_NAME = '2.5.4.3';
const ORGANISATION = '2.5.4.10';

/** The public parts of a certificate. @throws {DerError} where it cannot be read */
export function describeCertificate(der: Uint8Array, standIns: StandIns): object {
  const certificate = parseCertificate(der);
  const { issuerName, subjectName, keyFacts, extensions } = certificate;
  return {
    octets: der.length,
    issuer: describeName(issuerName, (text) => keepCaWords(text, standIns)),
    subject: describeName(subjectName, (text, type) =>
      type === COMMON_NAME ? keepDomain(text, standIns) : keepCaWords(text, standIns),
    ),
    names: (extensions.subjectAltName?.names ?? []).map((name) => describeGeneralName(name, standIns)),
    notBefore: formatInstant(certificate.notBefore),
    notAfter: formatInstant(certificate.notAfter),
    key: keyFacts.type === 'other' ? { type: 'other' } : keyFacts,
    purposes: (extensions.extendedKeyUsage?.purposes ?? []).map(keepOid),
    authorityKeyIdentifier: describeAuthority(certificate),
    extensions: listExtensions(certificate.tbs),
  };
}

function describeName(name: DistinguishedName, keep: (text: string, type: string) => string): readonly string[] {
  return name.flat().map(({ type, value }) => `${keepOid(type)}=${keep(readDirectoryString(value) ?? '', type)}`);
}

function keepOid(oid: string): string {
  return isPublicOid(oid) ? oid : 'private';
}

/** Word by word: the name of a new CA of Azure is mostly made of known words. */
function keepCaWords(text: string, standIns: StandIns): string {
  const words = text.split(' ').map((word) => (CA_WORD.test(word) ? word : keepDomain(word, standIns)));
  return words.join(' ');
}

/** `<region>.<domain>` and `<domain>`, of the domains in whose name clouds sign. */
function keepDomain(text: string, standIns: StandIns): string {
  const domain = SIGNING_DOMAINS.find((each) => text === each || text.endsWith(`.${each}`));
  if (domain === undefined) return standIns.replace(text);
  const labels = text.slice(0, text.length - domain.length).split('.');
  return `${labels.map((label) => (label === '' || REGION.test(label) ? label : standIns.replace(label))).join('.')}${domain}`;
}

function describeGeneralName(name: GeneralName, standIns: StandIns): string {
  return name.type === 'dns' ? keepDomain(name.text, standIns) : `(${name.type})`;
}

/** It names the key of a public CA, which is how maintainers find a new one. Of any other CA it is left out. */
function describeAuthority({ issuerName, extensions }: Certificate): string | null {
  const isPublic = issuerName
    .flat()
    .some(({ type, value }) => type === ORGANISATION && CA_ORGANISATION.test(readDirectoryString(value) ?? ''));
  const identifier = extensions.authorityKeyIdentifier?.keyIdentifier;
  return isPublic && identifier ? Buffer.from(identifier).toString('hex') : null;
}

/** OID, `critical` where it is, and the octets of the value. */
function listExtensions(tbs: Uint8Array): readonly string[] {
  const body = new DerReader(tbs).enter(TAG.sequence);
  while (!body.atEnd && !body.hasNext(constructedContextTag(3))) body.readContent(body.nextTag);
  if (body.atEnd) return [];
  const list = body.enter(constructedContextTag(3)).enter(TAG.sequence);
  const lines: string[] = [];
  while (!list.atEnd) {
    const extension = list.enter(TAG.sequence);
    const oid = keepOid(formatOid(extension.readContent(TAG.oid)));
    const isCritical = extension.hasNext(TAG.boolean);
    if (isCritical) extension.readContent(TAG.boolean);
    lines.push(`${oid}${isCritical ? ' critical' : ''} ${extension.readContent(TAG.octetString).length}`);
  }
  return lines;
}
