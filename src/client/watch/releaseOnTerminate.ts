import type { Clocks } from '../adapters.ts';
import type { Release } from '../check/release.ts';
import type { LicenceClient } from '../client.ts';
import { ClientError } from '../clientError.ts';
import type { ScheduledEvent } from '../imds/scheduledEvents.ts';
import { Stopped } from '../run.ts';
import { waitUntil } from './wait.ts';

/** Milliseconds. Azure announces the deletion of a VM five minutes before at the latest. */
const INTERVAL = 30_000;

/** What happens in a watch. Whatever fails is tried again. */
export type TerminationStep =
  /** Azure is about to delete this VM. */
  | { readonly step: 'terminate'; readonly event: ScheduledEvent }
  | { readonly step: 'release'; readonly release: Release }
  | { readonly step: 'failed'; readonly error: ClientError };

export interface TerminationWatch {
  readonly client: Pick<LicenceClient, 'metadata' | 'scheduledEvents' | 'release'>;
  readonly clocks: Clocks;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  readonly report: (step: TerminationStep) => void;
}

/**
 * Watches the scheduled events of this VM, and gives its seat back when Azure is about to delete it. A check after that
 * takes the seat again, so the caller makes none. Events are not acknowledged: other software may need the time.
 *
 * @returns the event that the seat was given back for; undefined where the signal ended the watch
 */
export async function releaseOnTerminate(watch: TerminationWatch): Promise<ScheduledEvent | undefined> {
  const { client, clocks, signal, report } = watch;
  for (let known: string | undefined; !signal.aborted;) {
    const event = await findTermination(watch);
    if (event !== undefined) {
      if (event.id !== known) report({ step: 'terminate', event });
      known = event.id;
      const release = await client.release();
      report({ step: 'release', release });
      if (release.released) return event;
    }
    await waitUntil(clocks, clocks.uptime() + INTERVAL, signal);
  }
  return undefined;
}

async function findTermination({ client, signal, report }: TerminationWatch): Promise<ScheduledEvent | undefined> {
  try {
    const { events } = await client.scheduledEvents({ signal });
    const terminations = events.filter(({ type, status }) => type === 'Terminate' && STANDING.includes(status));
    if (terminations.length === 0) return undefined;
    const name = (await client.metadata({ signal })).compute.name?.toLowerCase();
    return terminations.find(({ resources }) => resources.some((resource) => resource.toLowerCase() === name));
  } catch (error) {
    if (error instanceof ClientError) report({ step: 'failed', error });
    else if (!(error instanceof Stopped)) throw error;
    return undefined;
  }
}

const STANDING: readonly string[] = ['Scheduled', 'Started'];
