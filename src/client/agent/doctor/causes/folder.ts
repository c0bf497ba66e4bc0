import { join } from 'node:path';
import type { Area } from '../finding.ts';
import type { FileSeen } from '../gather/files.ts';
import type { FolderEvidence } from '../gather/folder.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { formatMode, WRITABLE_BY_OTHERS } from './modes.ts';

/** Octets: key, licence and denial of one VM with their temporary files. */
const ROOM = 512 * 1024;
const ROOM_FILES = 8;
const TEMPORARY = /\.[0-9a-f-]{36}\.tmp$/;
/** Milliseconds. */
const LEFT = 3_600_000;
const HELD_LONG = 600_000;
const KEY = /(?:^|\/)key\.jwk$/;

export const FOLDER = {
  title: 'State folder',
  describe: ({ files, folder, path }) =>
    folder === null ? path : `${path}, mode ${formatMode(folder.mode)}, of user ${folder.uid}, ${files.length} entries`,
  causes: {
    folder_missing: {
      means: 'The state folder does not exist: no agent has ever run here, or somebody has removed it.',
      advice: 'Start the agent, which creates it. Where the agent’s user may not, create it for that user.',
      judge: ({ folder, path }) =>
        folder === null
          ? { evidence: [`${path}: there is no such folder.`], command: quoteForSh('install', '-d', '-m', '700', path) }
          : null,
    },
    folder_not_regular: {
      means: 'The state folder, or something of the agent’s in it, is a link or no regular file, and is not used.',
      advice: 'Look where it leads. Remove it, and put the folder or the file itself there.',
      judge(own) {
        const odd = all(own).filter(({ kind, name }) =>
          name === '' ? kind !== 'folder' : kind !== 'folder' && kind !== 'file',
        );
        if (odd.length === 0) return null;
        const evidence = odd.map(({ kind, name }) => `${join(own.path, name)}: ${kind}`);
        return { evidence, command: quoteForSh('ls', '-laR', own.path) };
      },
    },
    folder_owner: {
      means: 'The state folder, or something in it, belongs to another user than the agent.',
      advice: 'Make the agent’s user its owner. Another user who owns a file can change what it says.',
      judge(own) {
        const { agentUser, folder, path } = own;
        if (folder === null) return null;
        const isAgents = agentUser === null || agentUser === 0 || agentUser === folder.uid;
        const user = isAgents ? folder.uid : agentUser;
        const foreign = all(own).filter(({ name, uid }) => uid !== user && (uid !== 0 || (name === '' && !isAgents)));
        if (foreign.length === 0) return null;
        const evidence = foreign.map(
          ({ name, uid }) => `${join(path, name)} belongs to user ${uid}, the agent is user ${user}.`,
        );
        return { evidence, command: quoteForSh('chown', '-R', String(user), path) };
      },
    },
    folder_mode: {
      means: 'Other users can write into the state folder, so nothing is written to it.',
      advice: 'Remove their write access.',
      judge(own) {
        const open = all(own).filter(
          ({ kind, mode, name }) => kind !== 'link' && !KEY.test(name) && (mode & WRITABLE_BY_OTHERS) !== 0,
        );
        if (open.length === 0) return null;
        const evidence = open.map(({ mode, name }) => `${join(own.path, name)} has mode ${formatMode(mode)}.`);
        return { evidence, command: quoteForSh('chmod', '-R', 'go-w', own.path) };
      },
    },
    folder_read_only: {
      means: 'The file system of the state folder is read-only.',
      advice:
        'Mount it writable. After an error of the disk, Linux makes a file system read-only: look into the kernel’s log.',
      judge: ({ path, unwritable }) =>
        unwritable === 'EROFS' ? { evidence: [`${path}: EROFS`], command: quoteForSh('findmnt', '-T', path) } : null,
    },
    folder_unwritable: {
      means: 'The agent’s user cannot write into the state folder.',
      advice: 'Give the folder mode 700. A security module (SELinux, AppArmor) can forbid it as well.',
      judge: ({ path, unwritable }) =>
        unwritable === null || unwritable === 'EROFS'
          ? null
          : { evidence: [`${path}: ${unwritable}`], command: quoteForSh('chmod', '700', path) },
    },
    folder_full: {
      means: 'The disk of the state folder is full, so no licence can be kept.',
      advice: 'Free space on this file system.',
      judge: ({ path, room }) =>
        room !== null && room.octets < ROOM
          ? { evidence: [`${path}: ${room.octets} octets are free.`], command: quoteForSh('df', '-h', path) }
          : null,
    },
    folder_no_inodes: {
      means: 'The file system of the state folder has no room for further files (inodes), so no licence can be kept.',
      advice: 'Remove files that are not needed from this file system: many small ones use up inodes.',
      judge: ({ path, room }) =>
        room !== null && room.files !== null && room.files < ROOM_FILES
          ? { evidence: [`${path}: ${room.files} inodes are free.`], command: quoteForSh('df', '-i', path) }
          : null,
    },
    folder_leftovers: {
      means: 'Half-written files of ended agents have been in the state folder for more than an hour.',
      advice: 'They do no harm, and the agent removes them. Where they stay, no agent runs: remove them.',
      judge(own) {
        const left = own.files.filter(({ modifiedAt, name }) => TEMPORARY.test(name) && age(own, modifiedAt) > LEFT);
        if (left.length === 0) return null;
        const paths = left.map(({ name }) => join(own.path, name));
        return { evidence: left.map(describe), command: quoteForSh('rm', '--', ...paths) };
      },
    },
    folder_locked: {
      means: 'A process has held the lock of the state folder for more than ten minutes, so nobody else can check.',
      advice: 'Look at the process. If it hangs, end it: the lock is then free at once.',
      judge(own) {
        const { holder } = own;
        if (holder === null || age(own, holder.since) <= HELD_LONG) return null;
        const evidence = [`process ${holder.pid} since ${holder.since}`];
        return { evidence, command: quoteForSh('ps', '-o', 'pid,etime,stat,args', '-p', String(holder.pid)) };
      },
    },
  },
} as const satisfies Area<FolderEvidence>;

function all({ files, folder }: FolderEvidence): readonly FileSeen[] {
  return folder === null ? [] : [folder, ...files];
}

function describe({ modifiedAt, name, size }: FileSeen): string {
  return `${name}: ${size} octets, of ${modifiedAt}`;
}

function age({ now }: FolderEvidence, since: string): number {
  return Date.parse(now) - Date.parse(since);
}
