import { formatInstant } from '../../../../contract/instants.ts';
import { AGENT_NAME } from '../../agentVersion.ts';
import type { Report } from '../../report.ts';
import { judgeRunFolder } from '../../runFolder.ts';
import { ownersOf, readStatusFile } from '../../statusFile.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';
import { listFiles } from './files.ts';
import type { FileSeen } from './files.ts';

/** What a running agent has written last. */
export interface LastKnownEvidence {
  readonly runFolder: string;
  readonly now: string;
  readonly files: readonly FileSeen[];
  /** Whose files count there; null where files have no such owner. */
  readonly user: number | null;
  /** Why what stands in the folder is not believed. */
  readonly distrusted: string | null;
  readonly status: Pick<
    Report,
    'state' | 'code' | 'reason' | 'since' | 'checkedAt' | 'nextCheckAt' | 'vmId' | 'agent'
  > | null;
  /** The program that asks. */
  readonly agent: string;
}

/** Characters. */
const MAX_TEXT = 1000;

export async function lookAtLastKnown({ agent }: Circumstances): Promise<LastKnownEvidence | NotLookedAt> {
  const { runFolder } = agent.configuration;
  const { files } = listFiles(runFolder);
  if (files.length === 0) return { notLookedAt: `There is no ${runFolder}: no agent has run since the boot.` };
  const uid = process.geteuid?.();
  const file = await readStatusFile(runFolder, ownersOf(agent.folder));
  return {
    ...{ runFolder, now: formatInstant(Date.now()), files, user: uid ?? null, agent: AGENT_NAME },
    distrusted: judgeRunFolder(runFolder, uid) ?? null,
    status: file === undefined ? null : pick(file.report),
  };
}

/** The agent wrote them; who else might have is looked at, and texts are cut. */
function pick({ state, code, reason, since, checkedAt, nextCheckAt, vmId, agent }: Report) {
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, MAX_TEXT) : null);
  return {
    ...{ state, code: text(code), reason: text(reason), since, checkedAt: text(checkedAt), nextCheckAt },
    ...{ vmId: text(vmId), agent: text(agent) ?? '' },
  };
}
