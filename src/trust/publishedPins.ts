import { hash } from 'node:crypto';
import { download } from './download.ts';
import type { DownloadOptions } from './download.ts';
import { readCertificateOctets } from './pem.ts';
import { isPinCurrent } from './pin.ts';
import type { PinManifest, PublishedPin } from './pin.ts';

/* What the pins say of where their certificates are published, and what is found there. */

export interface WantedOptions {
  readonly manifests: readonly PinManifest<PublishedPin>[];
  /** The clouds whose current pins must all have a certificate; by default those of the manifests. */
  readonly acceptedClouds?: readonly string[];
  /** The time at which pins are current: milliseconds since the epoch. */
  readonly at: number;
}

export interface Wanted {
  readonly pin: PublishedPin;
  /** The clouds that pin it. */
  readonly clouds: readonly string[];
  /** Whether it is current for an accepted cloud, so that nothing may be packaged without it. */
  readonly required: boolean;
}

/** A certificate once, however many clouds pin it. */
export function listWanted({ manifests, acceptedClouds, at }: WantedOptions): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { cloud, pins } of manifests) {
    const isAccepted = acceptedClouds?.includes(cloud) ?? true;
    for (const pin of pins) {
      const earlier = wanted.get(pin.sha256);
      const required = (isAccepted && isPinCurrent(pin, at)) || earlier?.required === true;
      wanted.set(pin.sha256, { pin: earlier?.pin ?? pin, clouds: [...(earlier?.clouds ?? []), cloud], required });
    }
  }
  return [...wanted.values()];
}

/** The pin's certificate, or why it was not found as a sentence. */
type Downloaded = { readonly der: Uint8Array } | { readonly der: null; readonly reason: string };

/** Milliseconds for one URL. */
export const DOWNLOAD_TIMEOUT = 15_000;

export async function downloadPinned(pin: PublishedPin, url: string, network: DownloadOptions): Promise<Downloaded> {
  const answer = await download(url, network);
  if (answer.octets === null) return { der: null, reason: answer.reason };
  const certificates = readCertificateOctets(answer.octets);
  const der = certificates.find((candidate) => hash('sha256', candidate, 'hex') === pin.sha256);
  if (der !== undefined) return { der };
  return { der: null, reason: certificates.length > 0 ? 'has another certificate' : 'has no certificate' };
}

const AT_A_TIME = 4;

/** Results are in the order of the items, whichever is done first. */
export async function mapSome<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}
