import { MAX_SEARCH } from '../seats/lease.ts';
import type { SeatOptions } from '../seats/seatOptions.ts';
import type { Parts } from '../app/parts.ts';

/** @param at when the VM asked, in milliseconds since the epoch */
export function boundSeats({ seatGate: gate, now }: Parts, at: number): SeatOptions {
  return { gate, signal: AbortSignal.timeout(Math.max(0, at + MAX_SEARCH - now())) };
}
