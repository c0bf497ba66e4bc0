import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import type { IssuedCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import type { KeyRing } from '../../src/emulator/authority/keys.ts';
import type { Pin, PinManifest, PublishedPin } from '../../src/trust/pin.ts';
import { runKeys } from '../support/runKeys.ts';

export const AT = Date.UTC(2026, 10, 23, 12);
export const DOMAIN = 'metadata.example.test';
export const CLOUD = 'ExampleCloud';

/** A small PKI for the tests of trust; the emulator's own authority under another domain. */
export function createPki(keys: KeyRing = runKeys('pki')): Promise<Authority> {
  return createAuthority({ domain: DOMAIN, at: AT, keys });
}

export function manifestOf(authority: Authority, change: (pin: Pin) => Pin = (pin) => pin): PinManifest {
  return { cloud: CLOUD, domain: DOMAIN, pins: authority.certificates.map(({ facts }) => change(facts)) };
}

export function dersOf(certificates: readonly IssuedCertificate[]): readonly Uint8Array[] {
  return certificates.map(({ der }) => der);
}

/** The same pins as a manifest of the repository has them, each published at the URLs that are given for its name. */
export function publishedManifestOf(
  authority: Authority,
  urlsOf: (pin: Pin) => readonly string[],
): PinManifest<PublishedPin> {
  const pins = authority.certificates.map(({ facts }) => publish(facts, urlsOf(facts)));
  return { cloud: CLOUD, domain: DOMAIN, pins };
}

function publish(pin: Pin, publishedAt: readonly string[]): PublishedPin {
  return {
    ...pin,
    issuer: pin.name,
    key: 'RSA 2048',
    subjectKeyIdentifier: '00',
    confidence: 'A',
    historic: false,
    added: '2026-11-23',
    publishedAt,
  };
}
