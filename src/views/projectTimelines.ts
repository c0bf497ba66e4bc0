import { projectLog } from './projectLog.ts';
import type { Projection, ProjectionNeeds } from './projectLog.ts';
import type { TimelineStore } from './store.ts';

export interface TimelineNeeds extends ProjectionNeeds {
  readonly store: ProjectionNeeds['store'] &
    Pick<TimelineStore, 'readWatermark' | 'writeWatermark' | 'copyIntoTimelines'>;
}

/**
 * Copies decisions from the log into the timelines. The watermark follows only after all rows of a slice are written. A
 * crash before that, or a second instance at the same time, writes the same rows again, which changes nothing.
 *
 * @throws {StoreUnavailableError} what was copied until then stays
 */
export function projectTimelines({ store, now }: TimelineNeeds): Promise<Projection> {
  return projectLog(
    { store, now },
    {
      readMark: () => store.readWatermark(),
      write: async (slice, { until }, version) => {
        await store.copyIntoTimelines(slice);
        const written = await store.writeWatermark(until, version);
        return written.outcome === 'written' ? { value: until, version: written.version } : null;
      },
    },
  );
}
