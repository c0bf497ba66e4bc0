import { lstatSync } from 'node:fs';
import { userInfo } from 'node:os';

/** A user and their group, by number. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Root becomes the owner of the state folder, for good: what is in that folder is then judged, read and written with no more
 * rights than the agent's own user has. Root that owns the folder, or finds none, stays what it is.
 *
 * @param prepare is called before, for what only root can do
 */
export function becomeOwnerOf(folder: string, prepare: (owner: Owner) => void): void {
  if (process.geteuid?.() !== 0) return;
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  if (facts?.isDirectory() !== true || facts.uid === 0) return;
  const owner = ownerOf(facts);
  prepare(owner);
  joinGroups(owner);
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
}

/** For root alone. @param facts of a folder */
export function ownerOf({ uid, gid }: Owner): Owner {
  return { uid, gid: groupOf(uid) ?? gid };
}

/** @returns the user's own group; undefined where the system does not know the user */
function groupOf(uid: number): number | undefined {
  process.seteuid?.(uid);
  try {
    return userInfo().gid;
  } catch {
    return undefined;
  } finally {
    process.seteuid?.(0);
  }
}

/** The groups that the user is a member of, and none of root's. */
function joinGroups({ uid, gid }: Owner): void {
  const { initgroups } = process as { initgroups?: (user: number, group: number) => void };
  try {
    initgroups?.(uid, gid);
  } catch {
    process.setgroups?.([gid]);
  }
}
