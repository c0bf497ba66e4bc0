import { zipSync } from 'fflate';

/** Made on Unix, a file that its owner may write and all may read: the worker runs as a user of its own. */
const UNIX = 3;
const FILE_MODE = (0o100644 << 16) >>> 0;

/**
 * Zips the files in the order of their paths, all of one time: the same files give the same octets, on every machine and
 * with every Node, because the compression is fflate's own and not the zlib that Node was built with.
 *
 * @param files octets by path; `/` between folders
 */
export function createZip(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const paths = Object.keys(files).sort();
  // A zip has local times: the first of those that it can hold, wherever this runs.
  const options = { level: 9, mtime: new Date(1980, 0, 1), os: UNIX, attrs: FILE_MODE } as const;
  const entries = paths.map((path) => [path, [files[path] ?? new Uint8Array(), options]] as const);
  return Buffer.from(zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]));
}
