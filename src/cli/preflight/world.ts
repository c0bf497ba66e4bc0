import { existsSync } from 'node:fs';
import type { ChassisTag } from '../../client/adapters.ts';
import { readChassisTag } from '../../client/adapters/chassisTag.ts';
import { REAL_CLOCKS } from '../../client/adapters/clocks.ts';
import { requestImds } from '../../client/adapters/requestImds.ts';
import type { AskingWorld } from '../../client/diagnosis/ask.ts';

/** What `preflight` touches of the machine beside the command's own `Io`: seams for its tests. */
export interface World extends AskingWorld {
  readonly chassisTag: () => Promise<ChassisTag>;
  readonly isThere: (path: string) => boolean;
  readonly platform: NodeJS.Platform;
}

export const REAL_WORLD: World = {
  requestImds,
  clocks: REAL_CLOCKS,
  chassisTag: readChassisTag,
  isThere: existsSync,
  platform: process.platform,
};
