import { isLoopback } from '../../../contract/loopback.ts';
import { ClientError } from '../../clientError.ts';
import { openAgent } from '../agent.ts';
import type { Agent } from '../agent.ts';
import { AGENT_NAME } from '../agentVersion.ts';
import type { Call, Command } from '../command.ts';
import { formatBundle } from '../doctor/bundle/bundle.ts';
import { createNew } from '../doctor/bundle/newFile.ts';
import { readLog } from '../doctor/bundle/readLog.ts';
import { diagnose, listChecked } from '../doctor/diagnose.ts';
import type { Evidence } from '../doctor/evidence.ts';
import { gather } from '../doctor/gather.ts';
import { readFirewall } from '../doctor/gather/firewall.ts';
import { diagnosisAsJson, formatDiagnosis } from '../doctor/report.ts';
import { ownersOf, readStatusFile } from '../statusFile.ts';
import type { World } from '../world.ts';

export const DOCTOR: Command = {
  name: 'doctor',
  summary: 'Finds out why this VM has no licence',
  description: `Looks at everything that is known to go wrong, and says for each finding what shows it and what to
do. Nothing is changed. Root sees more than others do. The exit code is 0 where nothing was found, and 1
otherwise. The file of --bundle is for the vendor's support. It holds no secret; it must not exist before.`,
  options: {
    json: { summary: 'print the result as JSON' },
    bundle: { value: 'FILE', summary: 'write everything that was seen to this file, for support' },
  },
  run: runDoctor,
};

const EXIT_FOUND = 1;

async function runDoctor({ options: { bundle, json }, world }: Call): Promise<number> {
  const file = typeof bundle === 'string' ? createNew(bundle) : undefined;
  try {
    // Both while root has its rights.
    const firewall = await readFirewall();
    const log = file === undefined ? null : await readLog();
    const agent = await openAgent(world);
    const evidence = await look(agent, firewall, world);
    const findings = diagnose(evidence);
    const diagnosis = { findings, checked: listChecked(evidence, findings) };
    const { configuration, folder } = agent;
    const status = await readStatusFile(configuration.runFolder, ownersOf(folder));
    file?.write(formatBundle({ diagnosis, evidence, configuration, env: world.env, status, log }));
    world.out(json === true ? diagnosisAsJson(AGENT_NAME, diagnosis) : formatDiagnosis(diagnosis));
    if (file !== undefined && json !== true)
      world.out(`\n${String(bundle)} is for the vendor's support. Read it before you send it.\n`);
    return findings.length === 0 ? 0 : EXIT_FOUND;
  } finally {
    file?.close();
  }
}

function look(agent: Agent, firewall: Awaited<ReturnType<typeof readFirewall>>, world: World): Promise<Evidence> {
  return gather({
    ...{ agent, firewall, env: world.env, once: agent.configuration.options['once'] === true },
    imdsUrl: emulatorOf(agent),
    tell: (doing) => {
      if (world.isWatched) world.complain(`${doing} …\n`);
    },
  });
}

/** Where the agent asks. Where other options are so wrong that it asks nowhere, an emulator on this machine is looked at still. */
function emulatorOf({ configuration, session }: Agent): string | undefined {
  if (!(session instanceof ClientError)) return session.settings.imdsUrl;
  const { imdsUrl } = configuration.options;
  return typeof imdsUrl === 'string' && isLoopback(imdsUrl) ? imdsUrl : undefined;
}
