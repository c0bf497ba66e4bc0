import { findLongestPath } from '../verifier/x509/certificationPath.ts';
import type { CertificationPath } from '../verifier/x509/certificationPath.ts';
import type { PathRules } from '../verifier/x509/pathRules.ts';
import { createDomain, isDistrusted, mergeManifests, nameVersion } from './createTrust.ts';
import type { TrustMaterial } from './createTrust.ts';
import { isPinCurrent, isPinExpired } from './pin.ts';
import type { Pin, PinManifest } from './pin.ts';
import { findCertificate } from './pinnedCertificates.ts';

export interface TrustStatusOptions {
  /** The clouds whose documents are taken; the others are told of, and fail nothing. */
  readonly acceptedClouds: readonly string[];
  /** What the verifier asks of a path. */
  readonly rules: PathRules;
  /** The time that the status is of: milliseconds since the epoch. */
  readonly at: number;
  /** How far ahead ends are told, in days. */
  readonly days?: number;
}

/** What an operator has to know of one pin. Times are milliseconds since the epoch. */
interface PinStatus {
  readonly name: string;
  readonly role: Pin['role'];
  readonly sha256: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** `ok`; `degraded`: documents are verified, but somebody should look; `failed`: a cloud is accepted in vain. */
export type TrustVerdict = 'ok' | 'degraded' | 'failed';

export interface CloudStatus {
  readonly cloud: string;
  readonly domain: string;
  readonly accepted: boolean;
  /** Whether it signs no document any more: only old ones need its certificates. */
  readonly closed: boolean;
  readonly verdict: TrustVerdict;
  /** Until when the best of today's paths lasts; null where there is no complete path from a pinned CA to an anchor. */
  readonly pathUntil: number | null;
  /** The names on that path, the CA that issues leaves first. */
  readonly path: readonly string[];
  /** Pins that documents may be signed under today, without a certificate at hand. */
  readonly missing: readonly PinStatus[];
  /** The same, of pins that only old documents need. */
  readonly missingHistoric: readonly PinStatus[];
  /** Intermediates at hand and in their validity that reach no anchor. */
  readonly withoutPath: readonly PinStatus[];
  readonly expired: readonly PinStatus[];
  readonly endingSoon: readonly PinStatus[];
  readonly distrusted: readonly PinStatus[];
}

export interface TrustStatus {
  readonly at: number;
  /** Names the set of pins, as the Trust object made of the same material does. */
  readonly version: string;
  /** The worst of the accepted clouds'; `failed` where none of them has a complete path. */
  readonly verdict: TrustVerdict;
  readonly clouds: readonly CloudStatus[];
}

const DAY = 24 * 60 * 60 * 1000;
const DAYS_AHEAD = 60;

/**
 * The trust status at a time. A certificate that is missing, expired or near its end is told and fails nothing by
 * itself; an accepted cloud without a complete path fails, and so does one that no manifest knows. A cloud whose pins are
 * all historic fails nothing.
 *
 * @throws {TrustMaterialError}
 */
export function reportTrust(material: TrustMaterial, options: TrustStatusOptions): TrustStatus {
  const known = mergeManifests(material.manifests);
  const unknown = options.acceptedClouds.filter((name) => !known.some(({ cloud }) => cloud === name));
  const clouds = [
    ...known.map((manifest) => reportCloud(manifest, material, options)),
    ...unknown.map((cloud) => reportCloud({ cloud, domain: '', pins: [] }, material, options)),
  ];
  const verdicts = clouds.filter(({ accepted }) => accepted).map(({ verdict }) => verdict);
  const version = nameVersion(known, material.distrusted);
  const isAnyComplete = clouds.some(({ accepted, pathUntil }) => accepted && pathUntil !== null);
  return { at: options.at, version, verdict: isAnyComplete ? worstOf(verdicts) : 'failed', clouds };
}

function worstOf(verdicts: readonly TrustVerdict[]): TrustVerdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('degraded') ? 'degraded' : 'ok';
}

function reportCloud(manifest: PinManifest, material: TrustMaterial, options: TrustStatusOptions): CloudStatus {
  const { cloud, domain } = manifest;
  const pins = reportPins(manifest, material, options);
  const { best, withoutPath } = findPaths(manifest, material, options);
  const hasConcern = pins.missing.length + pins.endingSoon.length + withoutPath.length > 0;
  return {
    ...{ cloud, domain, accepted: options.acceptedClouds.includes(cloud), closed: isClosed(manifest) },
    verdict: best === null && !isClosed(manifest) ? 'failed' : hasConcern ? 'degraded' : 'ok',
    pathUntil: best?.notAfter ?? null,
    path: best?.certificates.map(({ commonName }) => commonName ?? 'without a common name') ?? [],
    ...pins,
    withoutPath,
  };
}

/** A cloud that signs no document any more: only old ones need its certificates, which its CAs may have taken down. */
function isClosed({ pins }: PinManifest): boolean {
  return pins.length > 0 && pins.every(({ historic }) => historic === true);
}

/** The path of an issuing CA at hand that lasts longest; and all intermediates in force that reach no anchor. */
function findPaths(manifest: PinManifest, material: TrustMaterial, { rules, at }: TrustStatusOptions) {
  const trusted = createDomain(manifest, material).certificates;
  const stranded = new Set<string>();
  let best: CertificationPath | null = null;
  for (const intermediate of trusted.intermediates) {
    const search = findLongestPath(intermediate, { trusted, rules, at });
    if (!search.found) stranded.add(intermediate.sha256);
    // The cross-certificate of a root issues no leaf itself.
    else if (!trusted.isRoot(intermediate) && search.path.notAfter > (best?.notAfter ?? -Infinity)) best = search.path;
  }
  const withoutPath = manifest.pins.filter((pin) => stranded.has(pin.sha256) && isInForce(pin, material, at));
  return { best, withoutPath: withoutPath.map(summarize) };
}

function isInForce(pin: Pin, { distrusted }: TrustMaterial, at: number): boolean {
  return isPinCurrent(pin, at) && at >= pin.notBefore && !isDistrusted(pin, distrusted);
}

function reportPins({ pins }: PinManifest, { certificates, distrusted }: TrustMaterial, options: TrustStatusOptions) {
  const { at, days = DAYS_AHEAD } = options;
  const trusted = pins.filter((pin) => !isDistrusted(pin, distrusted));
  const missing = trusted.filter((pin) => findCertificate(pin, certificates) === null);
  const isEnding = (pin: Pin) => isPinCurrent(pin, at) && isPinExpired(pin, at + days * DAY);
  return {
    missing: missing.filter((pin) => isPinCurrent(pin, at)).map(summarize),
    missingHistoric: missing.filter((pin) => !isPinCurrent(pin, at)).map(summarize),
    expired: trusted.filter((pin) => isPinExpired(pin, at)).map(summarize),
    endingSoon: trusted.filter(isEnding).map(summarize),
    distrusted: pins.filter((pin) => isDistrusted(pin, distrusted)).map(summarize),
  };
}

function summarize({ name, role, sha256, notBefore, notAfter }: Pin): PinStatus {
  return { name, role, sha256, notBefore, notAfter };
}
