import { readFileSync } from 'node:fs';

/** The group that may read the licence, unless the configuration names another. */
export const USUAL_GROUP = 'countersign';

/** @returns the number of a group of this machine; undefined where there is none of that name */
export function findGroup(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const line = readGroups().find((each) => each.startsWith(`${name}:`));
  const gid = line?.split(':')[2] ?? '';
  return /^\d+$/.test(gid) ? Number(gid) : undefined;
}

/** Lines of group(5). */
function readGroups(): readonly string[] {
  try {
    return readFileSync('/etc/group', 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Whether this process may give files to a group. */
export function isOwnGroup(gid: number): boolean {
  const own = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  return process.geteuid?.() === 0 || own.includes(gid);
}
