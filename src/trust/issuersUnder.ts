import { listPaths } from '../verifier/x509/certificationPath.ts';
import type { PathRules } from '../verifier/x509/pathRules.ts';
import { createDomain, isDistrusted, mergeManifests } from './createTrust.ts';
import type { TrustMaterial } from './createTrust.ts';
import type { Pin, PinManifest } from './pin.ts';
import { findCertificate } from './pinnedCertificates.ts';

/** A CA that issues leaves, as the check `path` names it. */
export interface IssuerUnder {
  readonly cloud: string;
  /** The common name. */
  readonly name: string;
  /** False where a path of the CA leads round the certificate, or where another CA has the same name. */
  readonly isCertain: boolean;
}

interface SearchOptions {
  /** What the verifier asks of a path. */
  readonly rules: PathRules;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The CAs that issue leaves under a certificate or a key: the CA itself, or those that have a path through it. What is
 * distrusted already counts as it did before.
 *
 * @param digest SHA-256 of a CA's certificate or SubjectPublicKeyInfo, lower-case hex
 * @returns null where no pin is of that digest: it may be a leaf's
 */
export function listIssuersUnder(
  digest: string,
  material: TrustMaterial,
  options: SearchOptions,
): readonly IssuerUnder[] | null {
  const manifests = mergeManifests(material.manifests);
  const isMeant: IsMeant = (one) => isDistrusted(one, new Set([digest]));
  if (!manifests.some(({ pins }) => pins.some(isMeant))) return null;
  const distrusted = new Set(material.distrusted);
  distrusted.delete(digest);
  return manifests.flatMap((manifest) => listOfCloud(manifest, { ...material, distrusted }, isMeant, options));
}

type IsMeant = (one: Pick<Pin, 'sha256' | 'spkiSha256'>) => boolean;

function listOfCloud(
  manifest: PinManifest,
  material: TrustMaterial,
  isMeant: IsMeant,
  options: SearchOptions,
): readonly IssuerUnder[] {
  const trusted = createDomain(manifest, material).certificates;
  const shareOf = (pin: Pin): Share => {
    if (isMeant(pin)) return 'all';
    const certificate = findCertificate(pin, material.certificates);
    const paths = certificate === null ? [] : listPaths(certificate, { trusted, ...options });
    const through = paths.filter(({ certificates }) => certificates.some(isMeant));
    if (through.length === 0) return 'none';
    return through.length === paths.length ? 'all' : 'some';
  };
  const shares = new Map<string, Set<Share>>();
  for (const pin of manifest.pins.filter(({ role }) => role === 'intermediate')) {
    shares.set(pin.name, (shares.get(pin.name) ?? new Set()).add(shareOf(pin)));
  }
  return [...shares]
    .filter(([, found]) => found.has('all') || found.has('some'))
    .map(([name, found]) => ({ cloud: manifest.cloud, name, isCertain: found.size === 1 && found.has('all') }));
}

/** How many of a CA's paths lead through what is meant. */
type Share = 'all' | 'some' | 'none';
