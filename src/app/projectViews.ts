import { followLicences } from '../views/followLicences.ts';
import type { FollowNeeds } from '../views/followLicences.ts';
import type { Log } from '../http/edge.ts';
import { passDaily } from '../views/passDaily.ts';
import type { PassNeeds } from '../views/passDaily.ts';
import { passPools } from '../views/passPools.ts';
import type { PoolPassNeeds } from '../views/passPools.ts';
import type { Projection } from '../views/projectLog.ts';
import { projectPools } from '../views/projectPools.ts';
import type { PoolNeeds } from '../views/projectPools.ts';
import { passSearch, projectSearch } from '../views/projectSearch.ts';
import type { SearchNeeds, SearchPassNeeds } from '../views/projectSearch.ts';
import { projectStatistics } from '../views/projectStatistics.ts';
import type { StatisticsNeeds } from '../views/projectStatistics.ts';
import { projectTimelines } from '../views/projectTimelines.ts';
import type { TimelineNeeds } from '../views/projectTimelines.ts';

export type ViewNeeds = TimelineNeeds &
  StatisticsNeeds &
  PoolNeeds &
  SearchNeeds &
  FollowNeeds &
  SearchPassNeeds &
  PoolPassNeeds &
  PassNeeds;

/**
 * Derives from the log of decisions, and once a day from everything there is, what people look at. The log tells of a run
 * that had something to do.
 *
 * @throws {StoreUnavailableError}
 */
export async function projectViews(needs: ViewNeeds, log: Log): Promise<void> {
  const runs = [
    async () => {
      tell(log, 'timelines_written', await projectTimelines(needs));
    },
    async () => {
      tell(log, 'statistics_written', await projectStatistics(needs));
    },
    async () => {
      tell(log, 'pools_counted', await projectPools(needs));
    },
    async () => {
      tell(log, 'ids_written', await projectSearch(needs));
    },
    async () => {
      const licences = await followLicences(needs);
      if (licences > 0) log('info', 'licences_copied', { licences });
    },
    async () => {
      const steps = await passDaily(needs, [...passSearch(needs), ...passPools(needs)]);
      if (steps > 0) log('info', 'views_passed', { steps });
    },
  ];
  const failures: unknown[] = [];
  // What one cannot read is no reason for the others to stop.
  for (const run of runs) await run().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function tell(log: Log, event: string, { decisions, behind }: Projection): void {
  if (decisions === 0 && behind === 0) return;
  log(behind === 0 ? 'info' : 'warn', event, { decisions, secondsLeft: Math.ceil(behind / 1_000) });
}
