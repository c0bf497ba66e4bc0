import { hash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificate } from '../verifier/x509/certificate.ts';
import { readCertificateDirectory } from './certificateFiles.ts';
import type { DownloadOptions } from './download.ts';
import { readNodeRoots } from './nodeRoots.ts';
import { writePem } from './pem.ts';
import { findPinFault } from './pin.ts';
import type { PinManifest, PublishedPin } from './pin.ts';
import { DOWNLOAD_TIMEOUT, downloadPinned, listWanted, mapSome } from './publishedPins.ts';
import type { Wanted } from './publishedPins.ts';
import { findReadingFault } from './secondReading.ts';

export interface SyncOptions {
  readonly manifests: readonly PinManifest<PublishedPin>[];
  /** Where the certificates go, as `<SHA-256>.pem`; made where it is not there. Nothing in it is ever removed. */
  readonly outDir: string;
  /** Takes certificates from this directory, PEM or DER files of any name, and downloads none. */
  readonly from?: string;
  /** The clouds whose current pins must all have a certificate; by default those of the manifests. */
  readonly acceptedClouds?: readonly string[];
  /** The time at which pins are current: milliseconds since the epoch. */
  readonly at: number;
  /** Told of each pin as soon as it is settled. */
  readonly progress?: (pin: SyncedPin) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds for each URL. */
  readonly timeout?: number;
  /** DER of the roots of this Node.js. */
  readonly nodeRoots?: readonly Uint8Array[];
}

/**
 * `from_node` certificates are written like the others: another version of Node.js may run what is packaged here, and
 * roots leave it. `missing`: no source had it. `refused`: found, and otherwise than it should be.
 */
type SyncState = 'synced' | 'already_there' | 'from_node' | 'missing' | 'refused';

export interface SyncedPin {
  readonly name: string;
  readonly sha256: string;
  /** The clouds that pin it. */
  readonly clouds: readonly string[];
  /** Whether it is current for an accepted cloud, so that nothing may be packaged without it. */
  readonly required: boolean;
  readonly state: SyncState;
  /** Why it is missing or refused; else null. */
  readonly reason: string | null;
}

export interface SyncResult {
  /** Whether every required pin has its certificate in the directory. */
  readonly complete: boolean;
  readonly pins: readonly SyncedPin[];
}

type Found = { readonly der: Uint8Array; readonly state: SyncState } | { readonly der: null; readonly reason: string };

/**
 * Fills a directory with the certificates of the pins. A certificate is kept only if its SHA-256 is the pin's and two
 * readers agree on what it says.
 *
 * @throws {CertificateDirectoryError} where a directory cannot be read
 */
export async function syncCertificates(options: SyncOptions): Promise<SyncResult> {
  const { outDir, fetch = globalThis.fetch, timeout = DOWNLOAD_TIMEOUT } = options;
  await mkdir(outDir, { recursive: true });
  const local = await readLocalSources(options);
  const queue = listWanted(options);
  const pins = await mapSome(queue, async (wanted) => {
    const found = await findCertificate(wanted.pin, local, options.from === undefined ? { fetch, timeout } : null);
    const settled = await settle(wanted, found, outDir);
    options.progress?.(settled);
    return settled;
  });
  const isThere = ({ state }: SyncedPin) => state !== 'missing' && state !== 'refused';
  return { complete: pins.every((pin) => !pin.required || isThere(pin)), pins };
}

type LocalSources = ReadonlyMap<string, Found>;

/** By SHA-256; what is in the directory already comes before everything else. */
async function readLocalSources({ outDir, from, nodeRoots = readNodeRoots() }: SyncOptions): Promise<LocalSources> {
  const sources: readonly (readonly [SyncState, readonly Uint8Array[]])[] = [
    ['from_node', nodeRoots],
    ['synced', from === undefined ? [] : await readCertificateDirectory(from)],
    ['already_there', await readCertificateDirectory(outDir)],
  ];
  return new Map(sources.flatMap(([state, ders]) => ders.map((der) => [hash('sha256', der, 'hex'), { der, state }])));
}

/** @param network null where nothing may be downloaded */
async function findCertificate(
  pin: PublishedPin,
  local: LocalSources,
  network: DownloadOptions | null,
): Promise<Found> {
  const found = local.get(pin.sha256);
  if (found !== undefined) return found;
  if (network === null) return { der: null, reason: 'not in the directory that it was to come from' };
  const reasons: string[] = [];
  for (const url of pin.publishedAt) {
    const answer = await downloadPinned(pin, url, network);
    if (answer.der !== null) return { ...answer, state: 'synced' };
    reasons.push(`${url} ${answer.reason}`);
  }
  return { der: null, reason: reasons.length > 0 ? reasons.join('; ') : (pin.note ?? 'published nowhere') };
}

async function settle({ pin, clouds, required }: Wanted, found: Found, outDir: string): Promise<SyncedPin> {
  const facts = { name: pin.name, sha256: pin.sha256, clouds, required };
  if (found.der === null) return { ...facts, state: 'missing', reason: found.reason };
  const fault = findReadingFault(found.der) ?? findPinFault(pin, parseCertificate(found.der));
  if (fault !== null) return { ...facts, state: 'refused', reason: fault };
  if (found.state !== 'already_there') await writeCertificate(join(outDir, `${pin.sha256}.pem`), found.der);
  return { ...facts, state: found.state, reason: null };
}

/** Whole or not at all; a link in the file's place is replaced, never followed. */
async function writeCertificate(path: string, der: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, writePem(der), { flag: 'wx', mode: 0o644, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
