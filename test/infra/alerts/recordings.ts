import { beforeEach } from 'vitest';
import { createKey, post } from '../../endToEnd/protocolClient.ts';
import { DAY, HOUR, MINUTE } from '../../support/licensing.ts';
import { LOADED_AT, useScenes } from '../../support/serviceScene.ts';
import type { Scene, SceneOptions } from '../../support/serviceScene.ts';
import { traceRow } from './traceRows.ts';
import type { TraceRow } from './traceRows.ts';

/** Midnight: bins begin where they do whenever this runs. */
export const START = Math.floor(LOADED_AT / DAY) * DAY;

/** A service whose lines become rows of the table, with the times at which they were written. */
interface Recorded {
  readonly scene: Scene;
  readonly rows: readonly TraceRow[];
  /** Does what is given at this time, in milliseconds after the start. */
  readonly at: (time: number, ...acts: readonly (() => Promise<unknown>)[]) => Promise<void>;
}

/** Call it at the file’s top. */
export function useRecordings() {
  let ahead = 0;
  const createScene = useScenes(
    () => ahead,
    () => START,
  );
  beforeEach(() => {
    ahead = 0;
  });
  const record = async (options: SceneOptions = {}): Promise<Recorded> => {
    const scene = await createScene(options);
    const rows: TraceRow[] = [];
    let taken = 0;
    const at: Recorded['at'] = async (time, ...acts) => {
      ahead = time;
      for (const act of acts) await act();
      for (const line of scene.log().slice(taken)) rows.push(traceRow(line, START + time));
      taken = scene.log().length;
    };
    return { scene, rows, at };
  };
  return { record, now: () => START + ahead };
}

/** Runs the timer that tells of readiness, once. */
export const tell =
  ({ scene }: Recorded) =>
  () =>
    scene.run('tellReadiness');

/** As the platform runs it. */
export async function tellFor(recorded: Recorded, from: number, until: number): Promise<void> {
  for (let time = from; time <= until; time += 5 * MINUTE) await recorded.at(time, tell(recorded));
}

/** What an ordinary day has: VMs come, some are refused, strangers send what they like, timers run, somebody works. */
export async function passDay(recorded: Recorded, hours: number): Promise<void> {
  const { scene, at } = recorded;
  const keys = [createKey(), createKey()];
  const visit = async () => {
    for (const [index, key] of keys.entries()) await scene.boot(`fleet-${index + 1}`, { key });
    for (const vm of ['unknown-plan', 'altered-content', 'too-old', 'ended', 'suspended']) await scene.boot(vm);
    await post(`${scene.urls[0]}/v1/licences`, '{');
    await scene.operate('GET /operator/v1/overview', { as: 'Reader' });
  };
  for (let hour = 0; hour < hours; hour += 1) {
    const begin = hour * HOUR;
    await at(begin, tell(recorded), ...(hour % 6 === 1 ? [visit] : []));
    await tellFor(recorded, begin + 5 * MINUTE, begin + 40 * MINUTE);
    if (hour % 24 === 3) await at(begin + 41 * MINUTE, () => scene.run('cleanStore'));
    await at(
      begin + 43 * MINUTE,
      () => scene.run('projectViews'),
      () => scene.run('watchState'),
    );
    await tellFor(recorded, begin + 45 * MINUTE, begin + 55 * MINUTE);
  }
}
