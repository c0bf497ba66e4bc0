import type { CleaningStore } from '../licensing/store.ts';
import type { ServiceConfig } from './config.ts';
import type { Log } from './edge.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds: the platform ends a function after five minutes. What is left is the next run's. */
const LONGEST_RUN = 4 * 60 * 1000;

export interface CleaningParts {
  readonly store: CleaningStore;
  readonly config: Pick<ServiceConfig, 'DECISION_DAYS' | 'REQUEST_DAYS' | 'ACTIVATION_DAYS'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Deletes old decisions, old requests of operators, and activations of VMs that have no seat and have not come for long.
 *
 * @throws {StoreUnavailableError} what was deleted until then stays deleted
 */
export async function cleanStore({ store, config, now }: CleaningParts, log: Log): Promise<void> {
  const started = now();
  const deleteOld = async (deletePiece: (before: number) => Promise<number>, days: number): Promise<number> => {
    let count = 0;
    for (let found = 1; found > 0 && now() - started < LONGEST_RUN; count += found) {
      found = await deletePiece(started - days * DAY);
    }
    return count;
  };
  const decisions = await deleteOld((before) => store.deleteDecisions(before), config.DECISION_DAYS);
  const requests = await deleteOld((before) => store.deleteRequests(before), config.REQUEST_DAYS);
  const activations = await deleteOld((before) => store.deleteActivations(before), config.ACTIVATION_DAYS);
  log('info', 'store_cleaned', { decisions, requests, activations });
}
