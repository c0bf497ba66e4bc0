import { posix, win32 } from 'node:path';
import type { Io } from './command.ts';

/**
 * Where `trust sync` puts certificates, and where every command looks for them: a folder of the user's own data.
 *
 * @returns null where the environment names no home
 */
export function findSyncedDirectory(env: Io['env'], platform: NodeJS.Platform = process.platform): string | null {
  const { HOME: home = '', LOCALAPPDATA: local = '', XDG_DATA_HOME: data = '' } = env;
  if (platform === 'win32') return local === '' ? null : win32.join(local, 'countersign', 'trust');
  // The specification of base directories says: a relative path is to be ignored.
  if (posix.isAbsolute(data)) return posix.join(data, 'countersign', 'trust');
  if (home === '') return null;
  const folder = platform === 'darwin' ? 'Library/Application Support' : '.local/share';
  return posix.join(home, folder, 'countersign', 'trust');
}
