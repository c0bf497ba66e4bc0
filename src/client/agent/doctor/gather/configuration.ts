import type { FileFacts } from '../../../adapters.ts';
import { REAL_FILES } from '../../../adapters/files.ts';
import { ClientError } from '../../../clientError.ts';
import { pathsOf } from '../../paths.ts';
import { MEMBER_NAMES, variableOf } from '../../settings/members.ts';
import type { Circumstances } from './circumstances.ts';

/** What the agent was told, and what is wrong with it. Never a value. */
export interface ConfigurationEvidence {
  /** The file that counts, or would count. */
  readonly path: string;
  /** Null where there is none. */
  readonly file: Pick<FileFacts, 'kind' | 'uid' | 'mode'> | null;
  /** Users who may own it; null where files have no such owner. */
  readonly owners: readonly number[] | null;
  /** What COUNTERSIGN_CONFIG names although the usual file is there. */
  readonly rival: string | null;
  /** Members that are set, by file or by environment. */
  readonly members: readonly string[];
  /** Why nothing of the file counts. */
  readonly broken: string | null;
  /** What is wrong with members, each with its place. */
  readonly faults: readonly string[];
  /** Variables that are set and do not count. */
  readonly ignored: readonly string[];
}

/** Characters. */
const MAX_LINE = 500;

export async function lookAtConfiguration({ agent, env }: Circumstances): Promise<ConfigurationEvidence> {
  const { configuration } = agent;
  const usual = pathsOf(process.platform, env).configuration;
  const named = env['COUNTERSIGN_CONFIG'] ?? '';
  const usualFacts = await lookAtFile(usual);
  const isNamed = named !== '' && named !== usual;
  const uses = usualFacts === null && isNamed ? named : usual;
  const uid = process.geteuid?.();
  const broken = configuration.broken?.detail?.slice(0, MAX_LINE) ?? null;
  return {
    path: uses,
    file: uses === usual ? usualFacts : await lookAtFile(uses),
    owners: uid === undefined ? null : uses === usual ? [0] : [0, uid],
    rival: usualFacts !== null && isNamed ? named : null,
    members: listMembers(configuration.options),
    broken,
    faults: broken === null ? listFaults(agent) : [],
    ignored: MEMBER_NAMES.map(variableOf).filter((variable) =>
      configuration.remarks.some((remark) => remark.startsWith(`${variable} `)),
    ),
  };
}

async function lookAtFile(path: string): Promise<ConfigurationEvidence['file']> {
  try {
    const { kind, uid, mode } = await REAL_FILES.lstat(path);
    return { kind, uid, mode };
  } catch {
    return null;
  }
}

function listMembers(options: object): readonly string[] {
  return MEMBER_NAMES.filter((name) => Object.hasOwn(options, name));
}

/** An empty or unusable key set is not a matter of its form: that is told with `trust`. */
function listFaults({ session }: Circumstances['agent']): readonly string[] {
  const fault = session instanceof ClientError ? session : session.settings.fault;
  if (fault?.code !== 'options_invalid') return [];
  return (fault.detail ?? '').split('; ').map((line) => line.slice(0, MAX_LINE));
}
