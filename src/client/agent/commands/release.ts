import { openAgent } from '../agent.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exitCodes.ts';

export const RELEASE: Command = {
  name: 'release',
  summary: 'Gives the seat of this VM back',
  description: `For a VM that is about to be deleted. The licence in hand stays valid until it expires, and a check after
this takes a seat again: stop the agent first.`,
  run: runRelease,
};

async function runRelease({ world }: Call): Promise<number> {
  const { client } = await openAgent(world);
  const release = await client.release();
  if (release.released) {
    world.out(`The seat is free at ${release.seatFreeAt}.\n`);
    return 0;
  }
  world.complain(`The seat was not given back (${release.code}). ${release.reason}\n`);
  return EXIT[release.state];
}
