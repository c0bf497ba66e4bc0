import type { FaultName } from './faults.ts';
import { refuse } from './reply.ts';

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

/** Does what the faults ask for before a request is even looked at. Throws a refusal. */
export type TransportFaults = (vm: string, faults: readonly FaultName[]) => Promise<void>;

const REFUSALS: Partial<Record<FaultName, readonly [status: number, error: string]>> = {
  'not-found': [404, 'Not found'],
  'too-many': [429, 'Too many requests'],
  error: [500, 'Service error'],
};

export function createTransportFaults({ slowFor, goneFor, timer, signal }: TransportFaultOptions): TransportFaults {
  const firstSeen = new Map<string, number>();
  return async (vm, faults) => {
    if (faults.includes('slow')) await timer.sleep(slowFor, signal);
    if (faults.includes('gone')) {
      const since = firstSeen.get(vm) ?? timer.now();
      firstSeen.set(vm, since);
      if (timer.now() - since < goneFor) throw refuse(410, 'Gone. Try again later');
    }
    for (const fault of faults) {
      const refusal = REFUSALS[fault];
      if (refusal) throw refuse(...refusal);
    }
  };
}
