import { join } from 'node:path';
import { REAL_ADAPTERS } from '../../adapters/real.ts';
import { ClientError, systemErrorCode } from '../../clientError.ts';
import { Folder, vmIdsAmong } from '../../folder/folder.ts';
import { KEY_FILE } from '../../folder/keyFiles.ts';
import { LockSeeker } from '../../folder/lock.ts';
import { lockFilesAmong } from '../../folder/lockFiles.ts';
import { DENIAL_FILE, LICENCE_FILE } from '../../folder/vmFiles.ts';
import { openAgent } from '../agent.ts';
import { UsageError } from '../command.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exitCodes.ts';
import { RunFolder } from '../runFolder.ts';
import type { World } from '../world.ts';

export const WIPE: Command = {
  name: 'wipe',
  summary: 'Removes key, licence and denial before an image is captured',
  description: `Removes what the agent has put into its state folder and its run folder. Files of others stay. Stop the
agent first, or it writes them again. The service counts the VM's next key as a key change.`,
  options: { yes: { summary: 'do not ask' } },
  run: runWipe,
};

async function runWipe({ options, world }: Call): Promise<number> {
  const { configuration, folder: path } = await openAgent(world);
  try {
    if (configuration.broken !== undefined) throw configuration.broken;
    const folder = new Folder(path, REAL_ADAPTERS.files, { uid: process.geteuid?.() });
    const places = { folder, runFolder: new RunFolder(configuration.runFolder, undefined) };
    const found = await find(places);
    if (found.length === 0) {
      world.out('There is nothing to remove.\n');
      return 0;
    }
    if (options['yes'] !== true) await confirm(world, found);
    await remove(places, world);
    return 0;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    world.complain(`Not everything was removed (${error.code}). ${error.message}\n`);
    return EXIT.misconfigured;
  }
}

interface Places {
  readonly folder: Folder;
  readonly runFolder: RunFolder;
}

/** @throws {ClientError} `folder_unusable`, `folder_exposed` */
async function find({ folder, runFolder }: Places): Promise<readonly string[]> {
  const fault = await folder.judge({ create: false });
  if (fault !== undefined) throw fault;
  const names = await folder.list();
  const own = [...vmIdsAmong(names), ...lockFilesAmong(names)];
  return [...own.map((name) => folder.join(name)), ...runFolder.list().map((name) => join(runFolder.path, name))];
}

/** @throws {UsageError} where nobody has said yes */
async function confirm({ ask, complain }: World, found: readonly string[]): Promise<void> {
  const hint = 'Nothing was removed. Add --yes to remove the files without a question.';
  if (ask === null) throw new UsageError(`This removes ${found.join(', ')}. ${hint}`);
  complain(`${found.join('\n')}\n`);
  const answer = await ask('Remove these? [y/N] ');
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new UsageError(hint);
}

/** Under the lock, so that no check writes meanwhile; its own files go last. */
async function remove({ folder, runFolder }: Places, { out, complain }: World): Promise<void> {
  const { files, clocks, process: facts } = REAL_ADAPTERS;
  const attempt = await new LockSeeker({ folder: folder.path, files, clocks, process: facts }).attempt();
  if (attempt.outcome === 'busy') throw new ClientError('check_running');
  if (attempt.outcome === 'unwritable') throw new ClientError('folder_unusable', attempt.code);
  const removed: string[] = [];
  for (const vmId of vmIdsAmong(await folder.list())) {
    if (await removeVm(folder, vmId)) removed.push(folder.join(vmId));
    else complain(`${folder.join(vmId)} holds files of others, which stay.\n`);
  }
  for (const name of runFolder.list()) removed.push(join(runFolder.path, name));
  runFolder.remove();
  for (const name of lockFilesAmong(await folder.list())) await files.unlink(folder.join(name));
  out(removed.map((path) => `removed ${path}\n`).join(''));
}

/** @returns false where files of others keep the folder */
async function removeVm(folder: Folder, vmId: string): Promise<boolean> {
  await folder.checkVm(vmId);
  try {
    await folder.removeVm(vmId, [LICENCE_FILE, DENIAL_FILE, KEY_FILE]);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw new ClientError('folder_unusable', code);
  }
}
