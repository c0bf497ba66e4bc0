import type { CatalogueStore } from '../catalogue/store.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { Log } from '../http/edge.ts';
import type { ViewMarkStore } from '../views/store.ts';
import type { ReadReadiness } from '../vm/readiness.ts';

export interface TellNeeds {
  readonly store: Pick<CatalogueStore, 'holdsAnOffer'> & Pick<DecisionStore, 'holdsADecision'> & ViewMarkStore;
  readonly readReadiness: ReadReadiness;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const HOUR = 3_600_000;

/**
 * Writes what `readyz` answers, so that an alert needs nobody who asks. Until there was an offer the service is being set
 * up (`begun: 'no'`), and nobody is to be woken.
 */
export async function tellReadiness({ store, readReadiness, now }: TellNeeds, log: Log): Promise<void> {
  const { state, probes } = await readReadiness(log);
  const concerns = Object.entries(probes)
    .filter(([, probe]) => probe.state !== 'ok')
    .map(([name, { state: of, detail }]) => `${name} ${of}: ${detail}`);
  const hasBegun = await known(async () => (await store.holdsAnOffer()) || (await store.holdsADecision()));
  const begun = hasBegun === null ? 'unknown' : hasBegun ? 'yes' : 'no';
  const cleanedHoursAgo = await known(() => readCleaned(store, now()));
  log(state === 'ok' ? 'info' : 'warn', 'readiness_told', { state, begun, concerns, cleanedHoursAgo });
}

/** Whole hours. The first one who asks sets the mark: a new service has not missed a cleaning yet. */
async function readCleaned(store: ViewMarkStore, at: number): Promise<number> {
  const mark = await store.readMark('cleaning');
  if (mark === null) await store.writeMark('cleaning', { at, place: null }, null);
  return mark === null ? 0 : Math.floor((at - mark.value.at) / HOUR);
}

/** `null` where the store does not tell. */
async function known<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreUnavailableError) return null;
    throw error;
  }
}
