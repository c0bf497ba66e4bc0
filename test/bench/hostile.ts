import { MAX_DOCUMENT_OCTETS, verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { hostileCertificates } from './hostileCertificates.ts';
import { hostileMessages } from './hostileMessages.ts';
import type { Candidate } from './rounds.ts';
import { toBase64 } from './subject.ts';
import type { EmulatedSubject } from './subject.ts';

/** A document made to cost as much as it can, by its kind. */
export type HostileDocuments = Readonly<Record<string, Uint8Array>>;

const PREFIX = 'hostile: ';

/**
 * (g): verifying each of the hostile documents. Their leaf is never in the cache unless they carry the genuine one; every
 * one must be refused.
 */
export function createHostileCandidates(subject: EmulatedSubject): readonly Candidate[] {
  const documents = { ...hostileMessages(subject), ...hostileCertificates(subject) };
  return Object.entries(documents).map(([kind, octets]) => {
    if (octets.length > MAX_DOCUMENT_OCTETS) throw new Error(`"${kind}" is refused by its length alone`);
    const text = toBase64(octets);
    const run = (times: number): void => {
      for (let time = 0; time < times; time++) {
        if (verifyEvidence(text, subject.options).accepted) throw new Error(`"${kind}" was accepted`);
      }
    };
    return { name: `${PREFIX}${kind}`, run };
  });
}

/** The slowest of them. */
export function findSlowest(medians: ReadonlyMap<string, number>): { readonly kind: string; readonly micros: number } {
  const hostile = [...medians].filter(([name]) => name.startsWith(PREFIX));
  const [name, micros] = hostile.reduce((slowest, each) => (each[1] > slowest[1] ? each : slowest), [PREFIX, 0]);
  return { kind: name.slice(PREFIX.length), micros };
}
