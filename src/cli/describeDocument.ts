import { formatInstant } from '../contract/instants.ts';
import { parseAttestedDocument } from '../verifier/attestedDocument.ts';
import type { AttestedDocument } from '../verifier/attestedDocument.ts';
import { decodeBase64 } from '../contract/base64.ts';
import { parseSignedDocument } from '../verifier/cms/signedData.ts';
import type { SignedDocument } from '../verifier/cms/signedData.ts';
import { checkDer } from '../verifier/der.ts';
import { DOCUMENT_LIMITS, MAX_DOCUMENT_OCTETS } from '../verifier/verifyEvidence.ts';
import { isSelfIssued, parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import type { GeneralName } from '../verifier/x509/generalName.ts';
import type { Terminal } from './command.ts';
import { rows } from './layout.ts';
import { excerpt, formatPlan, printable } from './printable.ts';

/**
 * Says what a document claims to be, whether that is true or not, for people who ask why it was rejected. It reads as far
 * as it can; for each part that cannot be read it says why.
 */
export function describeDocument(evidence: Uint8Array | string, terminal: Terminal | null): string {
  const octets = typeof evidence === 'string' ? decodeBase64(evidence) : evidence;
  if (octets === null) return 'The input is not canonical base64, DER, or an answer of IMDS.\n';
  const opening = `A document of ${octets.length} octets`;
  if (octets.length > MAX_DOCUMENT_OCTETS) return `${opening}, which is more than is ever read.\n`;
  const document = attempt(() => {
    checkDer(octets, DOCUMENT_LIMITS);
    return parseSignedDocument(octets);
  });
  if (!document.done) return `${opening}, not readable as a signed document: ${printable(document.reason)}.\n`;
  const { value } = document;
  return `${opening}, a CMS SignedData in Azure's form.\n${describeSigner(value, terminal)}${describeContent(value, terminal)}`;
}

type Attempt<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly reason: string };

function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { done: true, value: read() };
  } catch (error) {
    return { done: false, reason: error instanceof Error ? error.message : 'unreadable' };
  }
}

function describeSigner({ certificates }: SignedDocument, terminal: Terminal | null): string {
  const [der] = certificates;
  if (der === undefined) return '\nSigner: the document holds no certificate.\n';
  const parsed = attempt(() => parseCertificate(der));
  const more = certificates.length > 1 ? ` (the first of ${certificates.length} certificates)` : '';
  if (!parsed.done) return `\nSigner${more}: its certificate is not readable: ${printable(parsed.reason)}.\n`;
  return `\nSigner's certificate${more}\n${rows(certificateFacts(parsed.value), terminal)}`;
}

function certificateFacts(certificate: Certificate): Record<string, string> {
  const { keyFacts, extensions } = certificate;
  const names = extensions.subjectAltName?.names.map(formatName) ?? [];
  return {
    subject: excerpt(certificate.commonName ?? '(no common name)'),
    issuer: `${excerpt(certificate.issuerCommonName ?? '(no common name)')}${isSelfIssued(certificate) ? ' (itself)' : ''}`,
    'alternative names': names.length === 0 ? '(none)' : names.join(', '),
    valid: `${formatInstant(certificate.notBefore)} to ${formatInstant(certificate.notAfter)}`,
    key:
      keyFacts.type === 'rsa'
        ? `RSA, ${keyFacts.bits} bits`
        : keyFacts.type === 'ec'
          ? keyFacts.curve
          : keyFacts.algorithm,
    'SHA-256': certificate.sha256,
    ...(certificate.fault === null ? {} : { fault: certificate.fault }),
  };
}

function formatName(name: GeneralName): string {
  return name.type === 'dns' ? excerpt(name.text) : `(a name of type ${name.type})`;
}

function describeContent({ content }: SignedDocument, terminal: Terminal | null): string {
  const parsed = attempt(() => parseAttestedDocument(content));
  if (!parsed.done) return `\nContent: not readable: ${printable(parsed.reason)}.\n`;
  return `\nContent, as the document says of itself\n${rows(contentFacts(parsed.value), terminal)}`;
}

function contentFacts({ plan, createdOn, expiresOn, ...claims }: AttestedDocument): Record<string, string> {
  const facts: Record<string, string | null> = {
    ...claims,
    plan: plan === null ? null : formatPlan(plan),
    createdOn: createdOn === null ? null : formatInstant(createdOn),
    expiresOn: expiresOn === null ? null : formatInstant(expiresOn),
  };
  const entries = Object.entries(facts).map(([name, value]) => [
    name,
    value === null ? '(absent)' : `"${excerpt(value)}"`,
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
