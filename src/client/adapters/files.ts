import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { FileFacts, Files, NewFile } from '../adapters.ts';

/** The callback functions: a file handle of `node:fs/promises` costs twice the time. */
const lstat = promisify(fs.lstat);
const fstat = promisify(fs.fstat);
const open = promisify(fs.open);
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
/** Windows has neither; there links need a privilege, and `lstat` shows them. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants as Partial<typeof fs.constants>;

export const REAL_FILES: Files = {
  lstat: async (path) => factsOf(await lstat(path)),
  read: readWhole,
  create: createFile,
  overwrite: overwriteFile,
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  mkdir: (path) => promisify(fs.mkdir)(path, { mode: 0o700 }).then(() => undefined),
  rmdir: (path) => promisify(fs.rmdir)(path),
  readdir: (path) => promisify(fs.readdir)(path),
  syncFolder,
};

/** Without O_NONBLOCK a pipe in the place of the file would hold the process for ever. */
async function readWhole(path: string, limit: number, judge: (facts: FileFacts) => void): Promise<Uint8Array> {
  const descriptor = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const facts = factsOf(await fstat(descriptor));
    judge(facts);
    return await readBounded(descriptor, Math.min(facts.size, limit) + 1, limit);
  } finally {
    await close(descriptor);
  }
}

/** One octet more than expected is asked for, so that a file that grows meanwhile is noticed. */
async function readBounded(descriptor: number, expected: number, limit: number): Promise<Uint8Array> {
  let octets = Buffer.alloc(expected);
  for (let length = 0; ;) {
    const count = await readAt(descriptor, octets, length);
    if (count === 0) return octets.subarray(0, length);
    length += count;
    if (length > limit) throw Object.assign(new Error('The file is too large.'), { code: 'EFBIG' });
    if (length === octets.length) octets = Buffer.concat([octets, Buffer.alloc(octets.length)]);
  }
}

function readAt(descriptor: number, octets: Buffer, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, octets, offset, octets.length - offset, null, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

async function createFile(path: string): Promise<NewFile> {
  const descriptor = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  return {
    write: (octets) => writeAll(descriptor, octets),
    sync: () => fsync(descriptor),
    close: () => close(descriptor),
  };
}

async function overwriteFile(path: string, octets: Uint8Array): Promise<void> {
  const descriptor = await open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await writeAll(descriptor, octets);
  } finally {
    await close(descriptor);
  }
}

async function writeAll(descriptor: number, octets: Uint8Array): Promise<void> {
  for (let offset = 0; offset < octets.length;) offset += await writeAt(descriptor, octets, offset);
}

function writeAt(descriptor: number, octets: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, octets, offset, octets.length - offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** Windows opens no folder for this; its file systems write their journal in order. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const descriptor = await open(path, O_RDONLY);
  try {
    await fsync(descriptor);
  } finally {
    await close(descriptor);
  }
}

function factsOf(stats: fs.Stats): FileFacts {
  const { uid, mode, size, mtimeMs } = stats;
  return { kind: kindOf(stats), uid, mode: mode & 0o7777, size, modifiedAt: mtimeMs };
}

function kindOf(stats: fs.Stats): FileFacts['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
