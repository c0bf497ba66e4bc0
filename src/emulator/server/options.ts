import { setTimeout as pauseFor } from 'node:timers/promises';
import type { Authority } from '../authority/authority.ts';
import type { FaultName } from '../faults/faults.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { EmulatorTimer } from '../faults/transportFaults.ts';
import type { Vm } from '../vms/vms.ts';

/** One request that was answered; without its query, which holds the nonce. */
export interface EmulatorLogEntry {
  /** The name in the path; empty for the root. */
  readonly vm: string;
  readonly method: string;
  readonly path: string;
  /** 0 where the connection ended without one. */
  readonly status: number;
  readonly milliseconds: number;
  /** The faults that held for the request, with commas between them: a scenario's answer as it was written. */
  readonly fault?: string;
  /** Why the emulator itself failed, where it answered 500 of its own accord. */
  readonly failure?: string;
}

export interface EmulatorOptions {
  /** Or who makes it when it is known where its certificates will be served. */
  readonly authority: Authority | ((baseUrl: string) => Promise<Authority>);
  /**
   * Makes what the first document of every VM takes before anything is answered: an RSA key can take longer to make than a
   * client waits for IMDS. Without it, keys and signing certificates are made when they are first needed.
   */
  readonly prepared?: boolean;
  /** The first is the one that the root answers for; the article's by default. */
  readonly vms?: readonly [Vm, ...Vm[]];
  /** Milliseconds since the epoch; the computer's clock by default. */
  readonly clock?: () => number;
  /** Faults of every VM. */
  readonly faults?: readonly FaultName[];
  /** Requests a second of one VM; 5 by default, `Infinity` for none. */
  readonly rateLimit?: number;
  /** What an unknown api-version is answered with: 400 by default, as today; 404 as some years ago. */
  readonly unknownVersion?: 400 | 404;
  /** Of attested documents, in milliseconds; six hours by default. */
  readonly lifetime?: number;
  /** How long the fault `slow` takes, in milliseconds. */
  readonly slowFor?: number;
  /** How long the fault `gone` lasts, in milliseconds. */
  readonly goneFor?: number;
  /** What the rate limit and those two are measured by; this machine's by default. */
  readonly timer?: EmulatorTimer;
  /** Faults over time from the start on. */
  readonly scenario?: Scenario;
  readonly log?: (entry: EmulatorLogEntry) => void;
}

export const MACHINE_TIMER: EmulatorTimer = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => pauseFor(milliseconds, undefined, { signal }),
};
