import { posix } from 'node:path';
import type { FileFacts, Files, NewFile } from '../../../../src/client/adapters.ts';
import { FileNode, FolderNode, systemError } from './memoryDisk.ts';
import type { DiskNode, MemoryDisk } from './memoryDisk.ts';

/** Who uses the disk. */
export interface DiskUser {
  readonly uid: number;
  /** What the wall clock shows to the file system. */
  readonly now: () => number;
  /** Comes before every call. It may take time, and never ends for a process that was killed. */
  readonly enter: (call: 'look' | 'change') => Promise<void>;
  /** Instead of `enter`, before content is written. @returns false where the process is killed in the middle of it */
  readonly enterWrite: () => Promise<boolean>;
}

/** The file-system calls of one process. */
export function createMemoryFiles(disk: MemoryDisk, user: DiskUser): Files {
  const change = async (act: () => void): Promise<void> => {
    await user.enter('change');
    if (disk.readOnly) throw systemError('EROFS', '');
    act();
  };
  return {
    lstat: async (path) => {
      await user.enter('look');
      return factsOf(disk.find(path));
    },
    read: async (path, limit, judge) => {
      await user.enter('look');
      const node = disk.find(path);
      if (node.kind === 'link') throw systemError('ELOOP', path);
      judge(factsOf(node));
      const { content } = disk.file(path);
      if (content.length > limit) throw systemError('EFBIG', path);
      return content;
    },
    create: (path) => createFile(disk, user, path),
    overwrite: (path, octets) =>
      change(() => {
        const node = disk.file(path);
        if (disk.full) throw systemError('ENOSPC', path);
        node.content = Buffer.concat([octets, node.content.subarray(octets.length)]);
        node.modifiedAt = user.now();
      }),
    rename: (from, to) =>
      change(() => {
        rename(disk, from, to);
      }),
    unlink: (path) =>
      change(() => {
        if (disk.find(path).kind === 'folder') throw systemError('EISDIR', path);
        parentOf(disk, path).set(posix.basename(path), undefined);
      }),
    mkdir: (path) =>
      change(() => {
        const parent = parentOf(disk, path);
        if (disk.has(path)) throw systemError('EEXIST', path);
        parent.set(posix.basename(path), new FolderNode(user.uid));
      }),
    rmdir: (path) =>
      change(() => {
        if (disk.folder(path).entries.size > 0) throw systemError('ENOTEMPTY', path);
        parentOf(disk, path).set(posix.basename(path), undefined);
      }),
    readdir: async (path) => {
      await user.enter('look');
      return [...disk.folder(path).entries.keys()];
    },
    syncFolder: async (path) => {
      await user.enter('change');
      disk.folder(path).sync();
    },
  };
}

async function createFile(disk: MemoryDisk, user: DiskUser, path: string): Promise<NewFile> {
  await user.enter('change');
  if (disk.readOnly) throw systemError('EROFS', path);
  const parent = parentOf(disk, path);
  if (disk.has(path)) throw systemError('EEXIST', path);
  const node = new FileNode({ uid: user.uid, mode: 0o600, modifiedAt: user.now() });
  parent.set(posix.basename(path), node);
  return {
    write: async (octets) => {
      const whole = await user.enterWrite();
      if (disk.full) throw systemError('ENOSPC', path);
      node.content = Buffer.concat([node.content, whole ? octets : octets.subarray(0, octets.length / 2)]);
      node.modifiedAt = user.now();
      // A process that was killed in the middle of the call never sees its end.
      if (!whole) await user.enter('change');
    },
    sync: async () => {
      await user.enter('change');
      node.sync();
    },
    close: async () => {
      await user.enter('look');
    },
  };
}

function rename(disk: MemoryDisk, from: string, to: string): void {
  const node = disk.find(from);
  const parent = parentOf(disk, from);
  if (parent !== parentOf(disk, to)) throw systemError('EXDEV', to);
  const name = posix.basename(to);
  if (parent.entries.get(name)?.kind === 'folder') throw systemError('EISDIR', to);
  parent.change([
    [posix.basename(from), undefined],
    [name, node],
  ]);
}

function parentOf(disk: MemoryDisk, path: string): FolderNode {
  return disk.folder(posix.dirname(path));
}

function factsOf(node: DiskNode): FileFacts {
  const size = node.kind === 'file' ? node.content.length : 0;
  return { kind: node.kind, uid: node.uid, mode: node.mode, size, modifiedAt: node.modifiedAt };
}
