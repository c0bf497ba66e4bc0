#!/usr/bin/env node
import { EXIT_FAULT } from './exitCodes.ts';
import { runAgent } from './runAgent.ts';
import { createWorld } from './world.ts';

/** Frames alone: a message may quote what was read. */
function describeFault(error: unknown): string {
  const { name, stack = '' } = error instanceof Error ? error : { name: typeof error };
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return [`countersign-agent has a fault (${name}). Report it to the vendor, with these lines:`, ...frames, ''].join(
    '\n',
  );
}

const world = createWorld();

function crash(error: unknown): void {
  world.complain(describeFault(error));
  process.exit(EXIT_FAULT);
}

// Until a command has ended this is the answer: also where the process ends because nothing is left to wait for.
process.exitCode = EXIT_FAULT;
process.on('uncaughtException', crash);
runAgent(process.argv.slice(2), world).then((code) => {
  process.exitCode = code;
}, crash);
