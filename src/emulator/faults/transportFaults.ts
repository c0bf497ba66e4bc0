import type { FaultName } from './faults.ts';
import { refuseWith, type Status } from '../protocol/refusals.ts';
import type { Ending } from '../protocol/reply.ts';

export interface TransportFaultOptions {
  /** Milliseconds that `slow` takes. */
  readonly slowFor: number;
  /** Milliseconds, from a VM's first request on, that `gone` lasts. IMDS itself is gone for 70 s at most. */
  readonly goneFor: number;
  readonly timer: EmulatorTimer;
  /** Ends the waiting when the emulator closes. */
  readonly signal: AbortSignal;
}

/** What the emulator measures and waits by, in milliseconds. */
export interface EmulatorTimer {
  /** Never goes back. */
  now(): number;
  /** Rejects when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<unknown>;
}

/**
 * Does what the faults ask for before a request is even looked at.
 *
 * @returns how the connection ends in place of a whole answer, or null
 * @throws a refusal
 */
export type TransportFaults = (vm: string, faults: readonly FaultName[]) => Promise<Ending | null>;

/** The faults that are a status. */
export const STATUS_FAULTS: Partial<Record<FaultName, Status>> = {
  forbidden: 403,
  'not-found': 404,
  gone: 410,
  'too-many': 429,
  error: 500,
};

const ENDINGS: readonly Ending[] = ['silent', 'refused', 'cut'];

export function createTransportFaults({ slowFor, goneFor, timer, signal }: TransportFaultOptions): TransportFaults {
  const firstSeen = new Map<string, number>();
  const isStillGone = (vm: string) => {
    const since = firstSeen.get(vm) ?? timer.now();
    firstSeen.set(vm, since);
    return timer.now() - since < goneFor;
  };
  return async (vm, faults) => {
    if (faults.includes('slow')) await timer.sleep(slowFor, signal);
    const status = faults
      .filter((fault) => fault !== 'gone' || isStillGone(vm))
      .map((fault) => STATUS_FAULTS[fault])
      .find((each) => each !== undefined);
    if (status !== undefined) throw refuseWith(status);
    return ENDINGS.find((ending) => faults.includes(ending)) ?? null;
  };
}
