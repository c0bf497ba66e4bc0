import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { FileFacts, Files, NewFile } from '../adapters.ts';

/**
 * A check looks at a dozen small files of a local folder. The synchronous calls take some microseconds each; handing one over
 * to a thread and back takes ten times as much. What waits for the disk is asynchronous: flushing, and renaming.
 */
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const open = promisify(fs.open);

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
/** Windows has neither; there links need a privilege, and `lstat` shows them. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants as Partial<typeof fs.constants>;

export const REAL_FILES: Files = {
  lstat: promised((path: string) => factsOf(fs.lstatSync(path))),
  read: promised(readWhole),
  create: promised(createFile),
  overwrite: promised(overwriteFile),
  rename: promisify(fs.rename),
  unlink: promised((path: string) => {
    fs.unlinkSync(path);
  }),
  mkdir: promised((path: string) => {
    fs.mkdirSync(path, { mode: 0o700 });
  }),
  rmdir: promised((path: string) => {
    fs.rmdirSync(path);
  }),
  readdir: promised((path: string) => fs.readdirSync(path)),
  syncFolder,
};

/** The same as a function that rejects instead of throwing. */
function promised<Arguments extends readonly unknown[], Value>(call: (...input: Arguments) => Value) {
  // eslint-disable-next-line @typescript-eslint/require-await -- so that what is thrown becomes a rejection
  return async (...input: Arguments): Promise<Value> => call(...input);
}

/** Without O_NONBLOCK, opening a pipe in the place of the file would block the process. */
function readWhole(path: string, limit: number, judge: (facts: FileFacts) => void): Uint8Array {
  // Most files that are looked for are absent, and an error of the system costs ten times as much as this look.
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) throw failure('There is no such file.', 'ENOENT');
  const descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const facts = factsOf(fs.fstatSync(descriptor));
    judge(facts);
    return readBounded(descriptor, Math.min(facts.size, limit) + 1, limit);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** One octet more than expected is asked for, so that a file that grows meanwhile is noticed. */
function readBounded(descriptor: number, expected: number, limit: number): Uint8Array {
  let octets = Buffer.alloc(expected);
  for (let length = 0; ;) {
    const count = fs.readSync(descriptor, octets, length, octets.length - length, null);
    if (count === 0) return octets.subarray(0, length);
    length += count;
    if (length > limit) throw failure('The file is too large.', 'EFBIG');
    if (length === octets.length) octets = Buffer.concat([octets, Buffer.alloc(octets.length)]);
  }
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

function createFile(path: string): NewFile {
  const descriptor = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  return {
    write: promised((octets: Uint8Array) => {
      writeAll(descriptor, octets);
    }),
    sync: () => fsync(descriptor),
    close: promised(() => {
      fs.closeSync(descriptor);
    }),
  };
}

function overwriteFile(path: string, octets: Uint8Array): void {
  const descriptor = fs.openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    writeAll(descriptor, octets);
  } finally {
    fs.closeSync(descriptor);
  }
}

function writeAll(descriptor: number, octets: Uint8Array): void {
  for (let offset = 0; offset < octets.length;) offset += fs.writeSync(descriptor, octets, offset);
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
