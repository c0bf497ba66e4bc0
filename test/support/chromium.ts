import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { runsPrograms } from './programs.ts';

/** Where Debian's package puts it. */
export const CHROMIUM = '/usr/bin/chromium';

/**
 * Why the browser's tests do not run; null where they do. `npm run check` uses Debian's Chromium where it is, and
 * `npm run full` installs it where it can: as root, on Debian.
 */
export function findChromiumAbsence(): string | null {
  if (!runsPrograms) return 'npm run check runs it';
  if (existsSync(CHROMIUM)) return null;
  if (process.env['INSTALL_CHROMIUM'] !== '1') return `there is no ${CHROMIUM}; npm run full installs it on Debian`;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return 'only root on Debian can install Chromium';
  // Without a font there is nothing to see.
  const packages = ['chromium', 'fonts-dejavu-core'];
  return run('update') ?? run('install', '--no-install-recommends', '-y', ...packages);
}

function run(...args: readonly string[]): string | null {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync('apt-get', args, { encoding: 'utf8', env });
  return status === 0 ? null : `apt-get ${args[0] ?? ''} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}
