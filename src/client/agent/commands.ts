import type { Command } from './command.ts';
import { CHECK } from './commands/check.ts';
import { DOCTOR } from './commands/doctor.ts';
import { GATE } from './commands/gate.ts';
import { createHelp, VERSION_COMMAND } from './commands/help.ts';
import { IMPORT, REQUEST } from './commands/byFile.ts';
import { RELEASE } from './commands/release.ts';
import { RUN } from './commands/run.ts';
import { STATUS_COMMAND } from './commands/status.ts';
import { WIPE } from './commands/wipe.ts';

/** Every command, in the order of `help`. */
export const COMMANDS: readonly Command[] = [
  CHECK,
  RUN,
  STATUS_COMMAND,
  DOCTOR,
  REQUEST,
  IMPORT,
  RELEASE,
  WIPE,
  GATE,
  VERSION_COMMAND,
  createHelp(() => COMMANDS),
];
