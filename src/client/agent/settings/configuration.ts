import { lstatSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { ClientError } from '../../clientError.ts';
import { asObject } from '../../members.ts';
import type { JsonObject } from '../../members.ts';
import type { LogFormat } from '../log.ts';
import { suggest } from '../nearest.ts';
import type { Paths } from '../paths.ts';
import { placeOf, readConfigFile } from './configFile.ts';
import type { ConfigFile } from './configFile.ts';
import { readEnvironment } from './environment.ts';
import { MEMBER_NAMES, MEMBERS } from './members.ts';

/** What the agent was told, before the library has judged its options. */
export interface Configuration {
  /** The library's options. */
  readonly options: JsonObject;
  /** Group of the files that not everybody may read: a name or a number; undefined for the usual one. */
  readonly group: string | undefined;
  readonly log: LogFormat;
  /** Whether the seat is given back when Azure announces the end of this VM. */
  readonly releaseOnTerminate: boolean;
  readonly runFolder: string;
  /** What is wrong and does not decide whom to believe: a licence in hand counts all the same. */
  readonly faults: readonly string[];
  /** Nothing in the file can be believed or read. */
  readonly broken: ClientError | undefined;
  /** What somebody should know. */
  readonly remarks: readonly string[];
}

interface Circumstances {
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  /** The effective user; undefined where files have no owner of that kind. */
  readonly uid: number | undefined;
}

const FILE_VARIABLE = 'COUNTERSIGN_CONFIG';
const RUN_VARIABLE = 'COUNTERSIGN_RUN_FOLDER';

/** Reads the file, where there is one, and the environment. Nothing is thrown: faults are part of the answer. */
export async function readConfiguration(circumstances: Circumstances): Promise<Configuration> {
  const { env, paths } = circumstances;
  const file = await readFile(circumstances).catch((error: unknown) => {
    if (error instanceof ClientError) return error;
    throw error;
  });
  const broken = file instanceof ClientError ? file : undefined;
  const known = file instanceof ClientError ? undefined : file;
  const environment = readEnvironment(env, file !== undefined);
  const members = { ...known?.members, ...environment.members };
  const { faults, ...sorted } = sortMembers(members);
  const named = env[RUN_VARIABLE] ?? '';
  const misplaced = named === '' || isAbsolute(named) ? [] : [`${RUN_VARIABLE}: an absolute path`];
  return {
    ...{ ...sorted, broken },
    runFolder: runFolderOf(env, paths),
    faults: [...(known === undefined ? [] : findUnknown(known)), ...environment.faults, ...faults, ...misplaced],
    remarks: environment.ignored.map(
      (variable) => `${variable} does not count, because the configuration file says it. Unset the variable.`,
    ),
  };
}

/** The folder of what other programs read. No file moves it. */
export function runFolderOf(env: NodeJS.ProcessEnv, paths: Paths): string {
  const named = env[RUN_VARIABLE] ?? '';
  return isAbsolute(named) ? named : paths.run;
}

async function readFile({ env, paths, uid }: Circumstances): Promise<ConfigFile | undefined> {
  const other = env[FILE_VARIABLE] ?? '';
  const isThere = lstatSync(paths.configuration, { throwIfNoEntry: false }) !== undefined;
  if (isThere && other !== '' && other !== paths.configuration) {
    const advice = 'Unset the variable, or remove the file';
    throw new ClientError('options_invalid', `${FILE_VARIABLE}: ${paths.configuration} is there. ${advice}`);
  }
  if (isThere || other === '') return readConfigFile(paths.configuration, uid === undefined ? undefined : [0]);
  // A container has no root of its own to own the file.
  const file = await readConfigFile(other, uid === undefined ? undefined : [0, uid]);
  if (file === undefined) throw new ClientError('options_invalid', `${FILE_VARIABLE}: there is no file ${other}`);
  return file;
}

const TRUST_MEMBERS = ['rootKeys', 'keySet'];

/** Members that have no meaning, each with its place. */
function findUnknown(file: ConfigFile): string[] {
  const trust = asObject(file.members['trust']) ?? {};
  return [
    ...listUnknown(file, Object.keys(file.members), MEMBER_NAMES),
    ...listUnknown(file, Object.keys(trust), TRUST_MEMBERS, 'trust.'),
  ];
}

function listUnknown(file: ConfigFile, names: readonly string[], known: readonly string[], above = ''): string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const shown = `${above}${name}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
      return `${placeOf(file, name)}, ${shown}: there is no such member.${suggest(name, known)}`;
    });
}

type Sorted = Pick<Configuration, 'options' | 'group' | 'log' | 'releaseOnTerminate' | 'faults'>;

/** Tells the agent's own members from the library's options; unknown ones are neither. */
function sortMembers(members: JsonObject): Sorted {
  const own = MEMBERS.flatMap(({ name, own: rule }) =>
    rule === undefined || members[name] === undefined ? [] : [{ name, rule, value: members[name] }],
  );
  const sound = Object.fromEntries(
    own.filter(({ rule, value }) => rule.isSound(value)).map(({ name, value }) => [name, value]),
  );
  const libraryNames = MEMBERS.filter(({ own: rule }) => rule === undefined).map(({ name }) => name);
  return {
    options: Object.fromEntries(Object.entries(members).filter(([name]) => libraryNames.includes(name))),
    group: sound['group'] as string | undefined,
    log: (sound['log'] as LogFormat | undefined) ?? 'text',
    releaseOnTerminate: sound['releaseOnTerminate'] === true,
    faults: own.filter(({ rule, value }) => !rule.isSound(value)).map(({ name, rule }) => `${name}: ${rule.text}`),
  };
}
