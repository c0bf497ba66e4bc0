import { Run } from '../../../src/client/run.ts';
import type { RunRequest } from '../../../src/client/run.ts';
import { NO_IMDS_TIMES } from '../../../src/client/folder/lockRecord.ts';
import { Imds } from '../../../src/client/imds/imds.ts';
import type { Surroundings } from '../../../src/client/imds/imdsRequests.ts';
import { Pace } from '../../../src/client/imds/pace.ts';
import type { ClientOptions } from '../../../src/client/index.ts';
import { parseOptions } from '../../../src/client/options.ts';
import { openSession } from '../../../src/client/session.ts';
import type { Scene } from './scene.ts';

/** One check of the scene's VM, before anything has been done, without a lock. */
export function openRun(scene: Scene, more: Partial<ClientOptions> = {}, request: RunRequest = {}): Run {
  const run = new Run(openSession(parseOptions({ ...scene.options, ...more })), request);
  run.pace = new Pace(run, NO_IMDS_TIMES);
  return run;
}

/** The client's side of IMDS, on Azure's hardware unless told otherwise. */
export function openImds(
  scene: Scene,
  more: Partial<ClientOptions> = {},
  surroundings: Partial<Surroundings> = {},
): Imds {
  return new Imds(openRun(scene, more), { chassis: 'known', hasLicence: false, ...surroundings });
}
