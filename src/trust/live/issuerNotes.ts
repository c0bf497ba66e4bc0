import type { CheckFacts } from '../../contract/attestation.ts';
import type { Warn } from './liveTrust.ts';
import { printableName } from './unknownIssuer.ts';
import type { IssuerStore } from './unknownIssuer.ts';

type UnknownIssuerFacts = Extract<CheckFacts, { code: 'issuer_unknown' }>;

/** Writes down issuers that no pin knows: how a change of Azure's CAs looks. Never fails. */
export type IssuerNotes = (issuer: UnknownIssuerFacts, at: number, log: Warn) => Promise<void>;

/** Milliseconds: strangers can send such documents, and these are the only rows that they can cause. */
const INTERVAL = 60_000;

/**
 * At most one write a minute, whatever the issuers. No signature was checked before: each name is a stranger's word, and a
 * crowd of them may come while a genuine new CA's documents do. So what is written is not whoever comes first in a minute.
 * {@link Sightings} counts names meanwhile, and the writes take turns: a name that this instance has not written yet, then
 * one that it has; of either the one with the most sightings since it came or was written.
 *
 * With that, a name that makes up more than a 64th of the sightings is written as soon as those that are more frequent have
 * had their turn, and again in turns with other names that are written. Names that come once delay it by no more than a
 * minute, and nobody keeps a name out: whatever was written goes behind what was not.
 */
export function createIssuerNotes(store: Pick<IssuerStore, 'noteIssuer'>): IssuerNotes {
  const sightings = new Sightings();
  let writtenAt = Number.NEGATIVE_INFINITY;
  let wasNew = false;
  return async ({ issuer, keyIdentifier, cloud }, at, log) => {
    // The form that operators look up: the name, and the key that tells two CAs of one name apart.
    sightings.add(printableName(`"${issuer ?? ''}", key identifier ${keyIdentifier ?? 'none'}`), cloud);
    // A clock that was set back is no reason to wait for the old time.
    if (Math.abs(at - writtenAt) < INTERVAL) return;
    const chosen = sightings.choose(!wasNew) ?? sightings.choose(wasNew);
    if (chosen === null) return;
    writtenAt = at;
    wasNew = !chosen.isWritten;
    sightings.fade();
    try {
      await store.noteIssuer({ name: chosen.name, cloud: chosen.cloud, at });
      Object.assign(chosen, { isWritten: true, since: 0 });
    } catch (error) {
      log('warn', 'issuer_not_noted', { reason: error instanceof Error ? error.name : 'unknown' });
    }
  };
}

interface Sighting {
  readonly name: string;
  readonly cloud: string;
  /** What keeps it here; at least 1. */
  weight: number;
  /** How many times it came since it was written, or at all. */
  since: number;
  isWritten: boolean;
}

/** Names at a time. */
const CAPACITY = 64;

/**
 * Names and how often they came, in bounded memory, by the algorithm of Misra and Gries: a name for which there is no room
 * takes one from the weight of every other, and those with none left go. So a name with more than a 64th of the sightings
 * stays, whatever the others are, and nobody can choose whom to push out. Weights are halved every minute, so that no name
 * lives on what was sent long ago.
 */
class Sightings {
  readonly #byName = new Map<string, Sighting>();

  add(name: string, cloud: string): void {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.weight += 1;
      known.since += 1;
      return;
    }
    if (this.#byName.size === CAPACITY) this.#makeRoom();
    if (this.#byName.size < CAPACITY) this.#byName.set(name, { name, cloud, weight: 1, since: 1, isWritten: false });
  }

  /** The one with the most sightings among those that this instance has not written yet, or among those that it has. */
  choose(isNew: boolean): Sighting | null {
    const candidates = [...this.#byName.values()].filter(({ isWritten, since }) => isWritten !== isNew && since > 0);
    const [first, ...others] = candidates;
    if (first === undefined) return null;
    return others.reduce((most, sighting) => (sighting.since > most.since ? sighting : most), first);
  }

  fade(): void {
    for (const sighting of this.#byName.values()) sighting.weight = Math.max(1, sighting.weight >> 1);
  }

  #makeRoom(): void {
    for (const sighting of this.#byName.values()) {
      sighting.weight -= 1;
      if (sighting.weight === 0) this.#byName.delete(sighting.name);
    }
  }
}
