import type { StagingStore } from '../backup/store.ts';
import type { ChangeRecord, ChangeStore } from '../decisions/changes.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { isInForce } from '../operators/changes/changeStates.ts';
import type { StateStore } from '../operators/changes/changeStates.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { ActivationStore } from '../seats/store.ts';
import type { UsageStore } from '../usage/store.ts';
import type { SearchStore, StatisticsStore, ViewMarkStore } from '../views/store.ts';
import type { ServiceConfig } from './config.ts';
import type { Log } from '../http/edge.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds: the platform ends a function after five minutes. What is left is the next run's. */
const MAX_RUN = 4 * 60 * 1000;

export interface CleaningNeeds {
  readonly store: StateStore &
    Pick<ChangeStore, 'deleteChanges'> &
    Pick<DecisionStore, 'deleteDecisions' | 'deleteRepeats'> &
    Pick<RequestStore, 'deleteRequests'> &
    Pick<ActivationStore, 'deleteActivations'> &
    Pick<UsageStore, 'deleteUsage'> &
    Pick<StatisticsStore, 'deleteStatistics'> &
    Pick<SearchStore, 'deleteIds'> &
    Pick<StagingStore, 'deleteStaged'> &
    ViewMarkStore;
  readonly config: Pick<ServiceConfig, 'DECISION_DAYS' | 'REQUEST_DAYS' | 'ACTIVATION_DAYS' | 'USAGE_DAYS'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Deletes old decisions, old records of operators' changes but for those of what is still in force, what was noted for past
 * hours so that repeats are known, old requests of operators, activations of VMs that have no seat and have not come for
 * long, old hours of the ledger and of statistics, ids that nobody has come with for long, and parts of backups
 * that were to be restored a day ago.
 *
 * @throws {StoreUnavailableError} what was deleted until then stays deleted
 */
export async function cleanStore({ store, config, now }: CleaningNeeds, log: Log): Promise<void> {
  const started = now();
  const before = (days: number) => started - days * DAY;
  const countAll = async (pieces: AsyncIterable<number>): Promise<number> => {
    let count = 0;
    for await (const deleted of pieces) {
      count += deleted;
      if (now() - started >= MAX_RUN) break;
    }
    return count;
  };
  const decisions = await countAll(store.deleteDecisions(before(config.DECISION_DAYS)));
  const isHeld = (record: ChangeRecord) => isInForce(store, record);
  const changes = await countAll(store.deleteChanges(before(config.DECISION_DAYS), isHeld));
  const repeats = await countAll(store.deleteRepeats(before(1)));
  const requests = await countAll(store.deleteRequests(before(config.REQUEST_DAYS)));
  const activations = await countAll(store.deleteActivations(before(config.ACTIVATION_DAYS)));
  const hours = await countAll(store.deleteUsage(before(config.USAGE_DAYS)));
  const statistics = await countAll(store.deleteStatistics(before(config.USAGE_DAYS)));
  const ids = await countAll(store.deleteIds(before(config.DECISION_DAYS)));
  const restores = await countAll(store.deleteStaged(before(1)));
  // That it was done, for whoever watches; who writes it at the same time says the same.
  const mark = await store.readMark('cleaning');
  await store.writeMark('cleaning', { at: started, place: null }, mark?.version ?? null);
  const counts = { decisions, changes, repeats, requests, activations, hours, statistics, ids, restores };
  log('info', 'store_cleaned', counts);
}
