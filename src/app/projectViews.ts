import type { Log } from '../http/edge.ts';
import type { Projection } from '../views/projectLog.ts';
import { projectStatistics } from '../views/projectStatistics.ts';
import type { StatisticsNeeds } from '../views/projectStatistics.ts';
import { projectTimelines } from '../views/projectTimelines.ts';
import type { TimelineNeeds } from '../views/projectTimelines.ts';

/**
 * Derives from the log of decisions what people look at. The log tells of a run that had something to do.
 *
 * @throws {StoreUnavailableError}
 */
export async function projectViews(needs: StatisticsNeeds & TimelineNeeds, log: Log): Promise<void> {
  tell(log, 'timelines_written', await projectTimelines(needs));
  tell(log, 'statistics_written', await projectStatistics(needs));
}

function tell(log: Log, event: string, { decisions, behind }: Projection): void {
  if (decisions === 0 && behind === 0) return;
  log(behind === 0 ? 'info' : 'warn', event, { decisions, secondsLeft: Math.ceil(behind / 1_000) });
}
