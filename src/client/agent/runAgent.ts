import { UsageError } from './command.ts';
import { parseCommandLine } from './commandLine.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_USAGE } from './exitCodes.ts';
import type { World } from './world.ts';

/**
 * Runs one command.
 *
 * @param args without the program's name
 * @returns the exit code
 */
export async function runAgent(args: readonly string[], world: World): Promise<number> {
  try {
    const { command, options, words } = parseCommandLine(args, COMMANDS);
    return await command.run({ options, words, world });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    world.complain(`${error.message} Run "countersign-agent help" to see what there is.\n`);
    return EXIT_USAGE;
  }
}
