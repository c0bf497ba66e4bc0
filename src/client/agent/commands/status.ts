import { NOTHING_KEPT } from '../../client.ts';
import type { Status } from '../../client.ts';
import { openAgent } from '../agent.ts';
import type { Agent } from '../agent.ts';
import type { Call, Command } from '../command.ts';
import { describe } from '../describe.ts';
import { EXIT } from '../exitCodes.ts';
import { reportOf, toJson } from '../report.ts';
import type { Report } from '../report.ts';
import { isSilent, ownersOf, readStatusFile } from '../statusFile.ts';

export const STATUS_COMMAND: Command = {
  name: 'status',
  summary: 'Says what was last known, without the network',
  description: `Verifies what is in the state folder, and reads what a running agent has written. Nothing is asked and
nothing is changed. The exit code is that of the state.`,
  options: { json: { summary: 'print the result as JSON' } },
  run: runStatus,
};

async function runStatus({ options, world }: Call): Promise<number> {
  const agent = await openAgent(world);
  const answer = await agent.client.status();
  const report = (await readWord(agent, answer)) ?? reportOf(agent, answer, null);
  world.out(options['json'] === true ? `${JSON.stringify(toJson(report, answer))}\n` : describe(report));
  return EXIT[report.state];
}

/** The running agent knows why there is no licence, and when it checks again; the folder does not. */
async function readWord({ configuration, folder }: Agent, answer: Status): Promise<Report | undefined> {
  const file = await readStatusFile(configuration.runFolder, ownersOf(folder));
  if (file === undefined || isSilent(file.report)) return undefined;
  const knowsNothing = WITHOUT_WORD.includes(answer.code ?? '');
  const isSame = file.report.state === answer.state;
  return isSame || knowsNothing || file.report.state === 'denied' ? file.report : undefined;
}

/** What the folder says where it holds nothing, or where this user may not read it. */
const WITHOUT_WORD: readonly string[] = [...NOTHING_KEPT, 'folder_unusable'];
