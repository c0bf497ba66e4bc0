import { lstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Call, Command } from '../command.ts';
import { EXIT_FAULT } from '../exitCodes.ts';
import { Gate } from '../gate/gate.ts';
import { beginRecord, writeRecord } from '../gate/gateRecord.ts';
import { SystemctlError, Target, TARGET } from '../gate/target.ts';
import type { Verdict } from '../gate/verdict.ts';
import { answerVerdicts, VerdictProcess } from '../gate/verdictProcess.ts';
import { createLog } from '../log.ts';
import { pathsOf } from '../paths.ts';
import { ownerOf } from '../privileges.ts';
import { runFolderOf } from '../settings/configuration.ts';
import type { World } from '../world.ts';

export const GATE: Command = {
  name: 'gate',
  summary: `Starts or stops ${TARGET}`,
  description: `For countersign-gate.service, at each change and every minute. It verifies what the agent has published, as the
agent's user, and starts or stops the target of the software that needs a licence, as root.`,
  options: { verdict: { summary: 'answer each line of standard input with a verdict: the gate runs itself so' } },
  run: runGate,
};

/** `RuntimeDirectory` of countersign-gate.service. */
const FOLDER = '/run/countersign-gate';

async function runGate({ options, world }: Call): Promise<number> {
  if (options['verdict'] === true) {
    await answerVerdicts(createInterface({ input: process.stdin }), world);
    return 0;
  }
  const log = createLog('text', world);
  const folder = world.env['RUNTIME_DIRECTORY']?.split(':')[0] ?? FOLDER;
  const gate = new Gate(new Target(folder, world.env), await beginRecord(folder), log);
  const reader = openReader(world);
  try {
    if (await gate.settle(() => reader.read())) return 0;
    log('error', 'The files change faster than the target follows. The gate looks again within a minute.');
  } catch (error) {
    if (!(error instanceof SystemctlError)) throw error;
    log('error', error.message);
  } finally {
    reader.close();
    writeRecord(folder, gate.record);
  }
  return EXIT_FAULT;
}

type VerdictReader = Pick<VerdictProcess, 'read' | 'close'>;

/** The owner of the run folder is the agent's user: only root could give it to another. */
function openReader({ env }: World): VerdictReader {
  const path = runFolderOf(env, pathsOf(process.platform, env));
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return alwaysClosed(`No agent runs: there is no ${path}. Start countersign.service.`);
  return new VerdictProcess(env, process.geteuid?.() === 0 ? ownerOf(facts) : undefined);
}

function alwaysClosed(reason: string): VerdictReader {
  const verdict: Verdict = { isOpen: false, reason, graceUntil: null };
  return { read: () => Promise.resolve(verdict), close: () => undefined };
}
