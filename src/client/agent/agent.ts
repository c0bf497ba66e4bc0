import { isAbsolute, join } from 'node:path';
import { REAL_ADAPTERS } from '../adapters/real.ts';
import { Client } from '../client.ts';
import { ClientError } from '../clientError.ts';
import type { Settings } from '../options.ts';
import type { Progress } from '../progress.ts';
import { openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { AGENT_NAME } from './agentVersion.ts';
import { createLog } from './log.ts';
import type { Log } from './log.ts';
import { pathsOf } from './paths.ts';
import { becomeOwnerOf } from './privileges.ts';
import type { Owner } from './privileges.ts';
import { readConfiguration } from './settings/configuration.ts';
import type { Configuration } from './settings/configuration.ts';
import { settingsOf } from './settings/settings.ts';
import { recallUnwritten, UNWRITTEN } from './unwritten.ts';
import type { World } from './world.ts';

/** The client, configured, and what belongs to it. */
export interface Agent {
  readonly client: Client;
  /** The error where it is not known whom to believe, or where the folder is. */
  readonly session: Session | ClientError;
  readonly configuration: Configuration;
  /** The state folder. */
  readonly folder: string;
  readonly log: Log;
  /** What IMDS called this VM in the last check; undefined where it has not answered. */
  readonly vmId: () => string | undefined;
}

interface Opening {
  /** What happens in a check. */
  readonly progress?: (event: Progress, log: Log) => void;
  /** The longest that one check may take, in milliseconds, where the configuration does not say less. */
  readonly patience?: number | undefined;
  /** Is called as root, before root becomes the folder's owner. */
  readonly prepare?: (owner: Owner, runFolder: string) => void;
}

/** Reads the configuration, gives up root's rights, and opens the client. Wrong settings become its answers. */
export async function openAgent(
  world: World,
  { progress, prepare, patience = Infinity }: Opening = {},
): Promise<Agent> {
  const paths = pathsOf(process.platform, world.env);
  const configuration = await readConfiguration({ env: world.env, paths, uid: process.geteuid?.() });
  const log = createLog(configuration.log, world);
  for (const remark of configuration.remarks) log('warning', remark);
  const folder = folderOf(configuration, paths.state);
  becomeOwnerOf(folder, (owner) => prepare?.(owner, configuration.runFolder));
  let vmId: string | undefined;
  const report = (event: Progress): void => {
    if (event.step === 'vm') ({ vmId } = event);
    progress?.(event, log);
  };
  const session = sessionOf(settingsOf(configuration, { folder, client: AGENT_NAME }, given(report)), patience);
  if (!(session instanceof ClientError)) await recallUnwritten(session, join(configuration.runFolder, UNWRITTEN));
  return { client: new Client(session), session, configuration, folder, log, vmId: () => vmId };
}

function folderOf({ options: { folder } }: Configuration, otherwise: string): string {
  return typeof folder === 'string' && isAbsolute(folder) ? folder : otherwise;
}

/** The user is another one than at the start of the process where root has given up its rights. */
function given(progress: (event: Progress) => void) {
  const facts = { ...REAL_ADAPTERS.process, uid: process.geteuid?.() };
  return { progress, adapters: { process: facts } };
}

function sessionOf(settings: Settings | ClientError, patience: number): Session | ClientError {
  if (settings instanceof ClientError) return settings;
  return openSession({ ...settings, patience: Math.min(settings.patience, patience) });
}
