import { fromBER } from 'asn1js';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pkijs from 'pkijs';
import { readElement, rewriteElement } from '../../src/emulator/documents/der.ts';
import { parseSignedDocument } from '../../src/verifier/cms/signedData.ts';
import { checkDer } from '../../src/verifier/der.ts';
import { DOCUMENT_LIMITS } from '../../src/verifier/verifyEvidence.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import { AT_PATH } from '../../src/emulator/vectors/derChanges.ts';

/** What others read in the same octets, and what they think of them. Null stands for what cannot be read. */

/** The parts of a document; octets as hexadecimal digits. */
export interface Decoding {
  readonly content: string;
  readonly certificates: readonly string[];
  readonly issuer: string;
  readonly serial: string;
  readonly signature: string;
  /** Of the first certificate. */
  readonly leaf: {
    readonly serial: string;
    readonly issuer: string;
    readonly spki: string;
    readonly validity: readonly number[];
  };
}

const hex = (octets: Uint8Array | ArrayBuffer): string =>
  Buffer.from(octets instanceof Uint8Array ? octets : new Uint8Array(octets)).toString('hex');

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

export const decodeOurselves = (octets: Uint8Array): Decoding | null =>
  attempt(() => {
    checkDer(octets, DOCUMENT_LIMITS);
    const { content, certificates, signerIssuer, signerSerial, signature } = parseSignedDocument(octets);
    const leaf = parseCertificate(certificates[0] ?? new Uint8Array());
    return {
      ...{ content: hex(content), certificates: certificates.map(hex), signature: hex(signature) },
      ...{ issuer: hex(signerIssuer), serial: hex(signerSerial) },
      leaf: {
        serial: hex(leaf.serial),
        issuer: hex(leaf.issuer),
        spki: hex(leaf.spki),
        validity: [leaf.notBefore, leaf.notAfter],
      },
    };
  });

/** The first signer and the first certificate, whatever else there is. */
export const decodeWithPkijs = (octets: Uint8Array): Decoding | null =>
  attempt(() => {
    const { result } = fromBER(new Uint8Array(octets).buffer);
    const signedData = new pkijs.SignedData({ schema: new pkijs.ContentInfo({ schema: result }).content });
    const [signer] = signedData.signerInfos;
    const certificates = (signedData.certificates ?? []) as pkijs.Certificate[];
    const [leaf] = certificates;
    const content = signedData.encapContentInfo.eContent?.getValue();
    const sid: unknown = signer?.sid;
    if (!signer || !leaf || !content || !(sid instanceof pkijs.IssuerAndSerialNumber))
      throw new Error('a part is missing');
    return {
      ...{ content: hex(content), certificates: certificates.map((each) => hex(each.toSchema(true).toBER())) },
      ...{ issuer: hex(sid.issuer.toSchema().toBER()), serial: hex(sid.serialNumber.valueBlock.valueHexView) },
      signature: hex(signer.signature.getValue()),
      leaf: {
        serial: hex(leaf.serialNumber.valueBlock.valueHexView),
        issuer: hex(leaf.issuer.toSchema().toBER()),
        spki: hex(leaf.subjectPublicKeyInfo.toSchema().toBER()),
        validity: [leaf.notBefore.value.getTime(), leaf.notAfter.value.getTime()],
      },
    };
  });

/** Whether pkijs finds the first signer's signature right; the certificate is not judged. */
export async function verifyWithPkijs(octets: Uint8Array): Promise<boolean> {
  const contentInfo = pkijs.ContentInfo.fromBER(new Uint8Array(octets));
  const signedData = new pkijs.SignedData({ schema: contentInfo.content });
  return signedData.verify({ signer: 0 }).catch(() => false);
}

const OPENSSL = 'openssl';

/** `offset:depth:octets of the header:octets of the content:cons or prim`, for every element in order. */
export function listElementsWithOpenssl(octets: Uint8Array): readonly string[] | null {
  const run = spawnSync(OPENSSL, ['asn1parse', '-inform', 'DER'], { input: octets, encoding: 'utf8' });
  if (run.status !== 0) return null;
  const lines = run.stdout.matchAll(/^ *(\d+):d=(\d+) +hl=(\d+) +l= *(\d+|inf) +(cons|prim)/gm);
  return Array.from(lines, ([, ...facts]) => facts.join(':'));
}

/** The same of our own reading. */
export function listElementsOurselves(octets: Uint8Array): readonly string[] | null {
  return attempt(() => {
    checkDer(octets, DOCUMENT_LIMITS);
    const lines: string[] = [];
    const visit = (start: number, depth: number): number => {
      const { tag, contents, end } = readElement(octets, start);
      const isConstructed = (tag & 0x20) !== 0;
      lines.push([start, depth, contents - start, end - contents, isConstructed ? 'cons' : 'prim'].join(':'));
      for (let place = isConstructed ? contents : end; place < end;) place = visit(place, depth + 1);
      return end;
    };
    visit(0, 0);
    return lines;
  });
}

/** DER of the OBJECT IDENTIFIERs. */
const SHA256_WITH_RSA = '06092a864886f70d01010b';
const SHA256 = '0609608648016503040201';

/** With SHA-256's own identifier in both places of a digest algorithm, which no signature covers. */
export function withStandardDigest(octets: Uint8Array): Uint8Array {
  return [AT_PATH.digestAlgorithm, AT_PATH.signerDigestAlgorithm].reduce<Uint8Array>(
    (document, path) =>
      attempt(() =>
        rewriteElement(document, [...path, 0], (element) =>
          hex(element) === SHA256_WITH_RSA ? Buffer.from(SHA256, 'hex') : element,
        ),
      ) ?? document,
    octets,
  );
}

/** A verifier of documents by openssl's command, with a folder for its files. */
export interface Openssl {
  /** The content where the document is accepted at the time; else what the command had against it. */
  verify(octets: Uint8Array, at: number): { readonly content: string } | { readonly error: string };
}

/**
 * @param authorities CA certificates in PEM. Those that are self-signed are anchors; the others must lead to one, because
 * `-partial_chain` is not asked for.
 */
export function createOpenssl(folder: string, authorities: string): Openssl {
  const document = join(folder, 'document.der');
  const trusted = join(folder, 'authorities.pem');
  writeFileSync(trusted, authorities);
  return {
    verify(octets, at) {
      writeFileSync(document, octets);
      const files = ['-in', document, '-CAfile', trusted, '-no-CApath', '-no-CAstore'];
      const rules = ['-purpose', 'any', '-attime', String(Math.floor(at / 1000))];
      const run = spawnSync(OPENSSL, ['cms', '-verify', '-inform', 'DER', '-binary', ...files, ...rules]);
      return run.status === 0 ? { content: hex(run.stdout) } : { error: run.stderr.toString() };
    },
  };
}
