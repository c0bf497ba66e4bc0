import type { Log } from '../http/edge.ts';
import { passDaily } from '../views/passDaily.ts';
import type { PassNeeds } from '../views/passDaily.ts';
import { passPools } from '../views/passPools.ts';
import type { PoolPassNeeds } from '../views/passPools.ts';
import type { Projection } from '../views/projectLog.ts';
import { projectPools } from '../views/projectPools.ts';
import type { PoolNeeds } from '../views/projectPools.ts';
import { projectStatistics } from '../views/projectStatistics.ts';
import type { StatisticsNeeds } from '../views/projectStatistics.ts';
import { projectTimelines } from '../views/projectTimelines.ts';
import type { TimelineNeeds } from '../views/projectTimelines.ts';

export type ViewNeeds = TimelineNeeds & StatisticsNeeds & PoolNeeds & PoolPassNeeds & PassNeeds;

/**
 * Derives from the log of decisions, and once a day from everything there is, what people look at. The log tells of a run
 * that had something to do.
 *
 * @throws {StoreUnavailableError}
 */
export async function projectViews(needs: ViewNeeds, log: Log): Promise<void> {
  tell(log, 'timelines_written', await projectTimelines(needs));
  tell(log, 'statistics_written', await projectStatistics(needs));
  tell(log, 'pools_counted', await projectPools(needs));
  const steps = await passDaily(needs, passPools(needs));
  if (steps > 0) log('info', 'views_passed', { steps });
}

function tell(log: Log, event: string, { decisions, behind }: Projection): void {
  if (decisions === 0 && behind === 0) return;
  log(behind === 0 ? 'info' : 'warn', event, { decisions, secondsLeft: Math.ceil(behind / 1_000) });
}
