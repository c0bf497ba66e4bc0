import { setTimeout as pauseFor } from 'node:timers/promises';

import { MAX_SEARCH } from './lease.ts';
import type { SeatGate } from './seatGate.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { SeatStore } from './store.ts';

/** How long, and with how many others at once, a VM may try to take a seat or to give it back. */
export interface SeatOptions {
  /** After it nothing is written any more. */
  readonly signal?: AbortSignal | undefined;
  /** Shared by all of this process. Left out: everybody at once. */
  readonly gate?: SeatGate;
  /** From 0 to less than 1. */
  readonly random?: () => number;
  /** Waits, in milliseconds. */
  readonly pause?: (delay: number) => Promise<unknown>;
}

export interface SeatNeeds {
  readonly seatGate: SeatGate;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The bounds of one request. @param at when the VM asked, in milliseconds since the epoch */
export function seatOptions({ seatGate: gate, now }: SeatNeeds, at: number): SeatOptions {
  return { gate, signal: AbortSignal.timeout(Math.max(0, at + MAX_SEARCH - now())) };
}

/** A lost race is another VM's success, so that this many in a row mean a pool under siege; the client tries again. */
export const ATTEMPTS = 16;
const FIRST_PAUSE = 20;
const MAX_PAUSE = 640;

/** Before the next attempt: those that lost one race together do not meet in the next. */
export function pauseAfter(attempt: number, { random = Math.random, pause = pauseFor }: SeatOptions): Promise<unknown> {
  return pause(random() * Math.min(FIRST_PAUSE * 2 ** attempt, MAX_PAUSE));
}

export function withoutLateWrites(store: SeatStore, signal: AbortSignal | undefined): SeatStore {
  const writeSeats: SeatStore['writeSeats'] = (pool, writes) => {
    if (signal?.aborted === true) {
      throw new StoreUnavailableError('It took too long to come to this write: it is not carried out, try again.');
    }
    return store.writeSeats(pool, writes);
  };
  return {
    readActivation: (pool, vmId) => store.readActivation(pool, vmId),
    readSeats: (pool, since) => store.readSeats(pool, since),
    readEnded: (pool, before, below) => store.readEnded(pool, before, below),
    writeSeats,
  };
}
