import { isLoopback } from '../../../contract/loopback.ts';
import { openAgent } from '../agent.ts';
import { AGENT_NAME } from '../agentVersion.ts';
import type { Call, Command } from '../command.ts';
import { diagnose, listChecked } from '../doctor/diagnose.ts';
import { gather } from '../doctor/gather.ts';
import { readFirewall } from '../doctor/gather/firewall.ts';
import { diagnosisAsJson, formatDiagnosis } from '../doctor/report.ts';

export const DOCTOR: Command = {
  name: 'doctor',
  summary: 'Finds out why this VM has no licence',
  description: `Looks at everything that is known to go wrong, and says for each finding what shows it and what to do. Nothing
is changed. Root sees more than others do. The exit code is 0 where nothing was found, and 1 otherwise.`,
  options: { json: { summary: 'print the result as JSON' } },
  run: runDoctor,
};

const EXIT_FOUND = 1;

async function runDoctor({ options, world }: Call): Promise<number> {
  const firewall = await readFirewall();
  const agent = await openAgent(world);
  const { imdsUrl, once } = agent.configuration.options;
  const evidence = await gather({
    ...{ agent, firewall, env: world.env, once: once === true },
    // Whatever else is wrong with the options.
    imdsUrl: typeof imdsUrl === 'string' && isLoopback(imdsUrl) ? imdsUrl : undefined,
    tell: (doing) => {
      if (world.isWatched) world.complain(`${doing} …\n`);
    },
  });
  const findings = diagnose(evidence);
  const diagnosis = { findings, checked: listChecked(evidence, findings) };
  world.out(options['json'] === true ? diagnosisAsJson(AGENT_NAME, diagnosis) : formatDiagnosis(diagnosis));
  return findings.length === 0 ? 0 : EXIT_FOUND;
}
