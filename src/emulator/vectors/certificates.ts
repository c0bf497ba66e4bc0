import { encodeElement } from '../documents/der.ts';
import type { CertificateDescription, IssuedCertificate } from '../authority/issueCertificate.ts';
import { parseCertificate } from '../../verifier/x509/certificate.ts';
import type { Certificate } from '../../verifier/x509/certificate.ts';
import { AT, DAY } from './scene.ts';
import type { Scene } from './scene.ts';
import { NULL } from './derChanges.ts';

/** Certificates of CAs that the emulator's authority does not make by itself. */

/** `undefined` leaves a part out. */
export type CaChange = { [Part in keyof CertificateDescription]?: CertificateDescription[Part] | undefined };

/** The pinned intermediate, issued again with what is stated. */
export function reissueIntermediate({ authority }: Scene, change: CaChange): Promise<IssuedCertificate> {
  const { intermediate, root } = authority;
  const usual: CertificateDescription = {
    ...{ subject: intermediate.subject, keys: intermediate.keys, issuer: root },
    ...{ notBefore: AT - 365 * DAY, notAfter: AT + 365 * DAY },
    keyUsage: ['keyCertSign', 'cRLSign'],
    basicConstraints: { ca: true, pathLength: 0 },
  };
  const { subject, keys, notBefore, notAfter } = usual;
  const stated = Object.entries({ ...usual, ...change }).filter(([, value]) => value !== undefined);
  return authority.issue({ subject, keys, notBefore, notAfter, ...(Object.fromEntries(stated) as CaDescription) });
}

type CaDescription = Partial<CertificateDescription>;

/** Two CAs of which each certifies the other, and nobody else either. */
export async function issueLoop(scene: Scene): Promise<{ first: IssuedCertificate; second: IssuedCertificate }> {
  const { stranger, impostor } = scene;
  const one = { subject: 'CN=Loop A', keys: stranger.root.keys };
  const two = { subject: 'CN=Loop B', keys: impostor.intermediate.keys };
  const basicConstraints = { ca: true };
  const first = await reissueIntermediate(scene, { ...one, issuer: two, basicConstraints });
  const second = await reissueIntermediate(scene, { ...two, issuer: one, basicConstraints });
  return { first, second };
}

/** A CA under the pinned intermediate, whose path length of 0 forbids it. */
export function issueCaBelow(scene: Scene, change: CaChange = {}): Promise<IssuedCertificate> {
  const { authority, impostor } = scene;
  const own = { subject: 'C=US, CN=A CA below', keys: impostor.intermediate.keys, issuer: authority.intermediate };
  return reissueIntermediate(scene, { ...own, ...change });
}

/**
 * So many CA certificates of one name: each has another serial number, which their signature does not cover any more.
 * Nobody gets as far as that signature.
 */
export function lookAlikes(certificate: IssuedCertificate, count: number): Certificate[] {
  const { serial } = parseCertificate(certificate.der);
  const place = Buffer.from(certificate.der).indexOf(serial);
  return Array.from({ length: count }, (_, index) => {
    const der = Buffer.from(certificate.der);
    der.writeUInt16BE(index, place + 4);
    return parseCertificate(der);
  });
}

/** An extension by its object identifier; DER of NULL unless stated. */
export function extension(oid: string, critical: boolean, value: Uint8Array<ArrayBuffer> = NULL) {
  return { oid, critical, value };
}

/** nameConstraints that permit one DNS domain (RFC 5280 section 4.2.1.10). */
export function permitDns(domain: string) {
  const subtree = encodeElement(0x30, encodeElement(0x82, Buffer.from(domain)));
  return extension('2.5.29.30', true, encodeElement(0x30, encodeElement(0xa0, subtree)));
}

/** requireExplicitPolicy 0 (RFC 5280 section 4.2.1.11). */
export const POLICY_CONSTRAINTS = extension(
  '2.5.29.36',
  true,
  encodeElement(0x30, encodeElement(0x80, Uint8Array.of(0))),
);
