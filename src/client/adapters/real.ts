import type { Adapters } from '../adapters.ts';
import { readChassisTag } from './chassisTag.ts';
import { REAL_CLOCKS } from './clocks.ts';
import { REAL_FILES } from './files.ts';
import { REAL_PROCESS } from './processFacts.ts';
import { requestImds } from './requestImds.ts';

export const REAL_ADAPTERS: Adapters = {
  fetch: (url, init) => fetch(url, init),
  requestImds,
  random: () => Math.random(),
  clocks: REAL_CLOCKS,
  chassisTag: readChassisTag,
  files: REAL_FILES,
  process: REAL_PROCESS,
};
