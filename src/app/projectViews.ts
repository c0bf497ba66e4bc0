import type { Log } from '../http/edge.ts';
import { projectTimelines } from '../views/projectTimelines.ts';
import type { ProjectionNeeds } from '../views/projectTimelines.ts';

/**
 * Derives from the log of decisions what people look at. The log tells of a run that had something to do.
 *
 * @throws {StoreUnavailableError}
 */
export async function projectViews(needs: ProjectionNeeds, log: Log): Promise<void> {
  const { decisions, behind } = await projectTimelines(needs);
  if (decisions === 0 && behind === 0) return;
  log(behind === 0 ? 'info' : 'warn', 'timelines_written', { decisions, secondsLeft: Math.ceil(behind / 1_000) });
}
