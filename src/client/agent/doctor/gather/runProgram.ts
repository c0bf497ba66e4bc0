import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Milliseconds. */
const TIMEOUT = 10_000;
/** Octets. */
const MAX_OUTPUT = 8 * 1024 * 1024;
/** What stands first in PATH must not answer. */
const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Runs a program of the system that only reads. @returns what it wrote, errors after the rest; undefined without one */
export function runProgram(name: string, ...args: readonly string[]): Promise<string | undefined> {
  const path = FOLDERS.map((folder) => `${folder}/${name}`).find((each) => existsSync(each));
  return path === undefined ? Promise.resolve(undefined) : run(path, args);
}

/** The same of a program in the system folder of Windows. */
export function runWindowsProgram(name: string, ...args: readonly string[]): Promise<string | undefined> {
  return run(`C:\\Windows\\System32\\${name}.exe`, args);
}

function run(path: string, args: readonly string[]): Promise<string | undefined> {
  const options = { timeout: TIMEOUT, maxBuffer: MAX_OUTPUT, windowsHide: true, env: { LC_ALL: 'C' } };
  return new Promise((resolve) => {
    execFile(path, args, options, (error, stdout, stderr) => {
      const isThere = error === null || typeof error.code === 'number';
      resolve(isThere ? `${stdout}${stderr}` : undefined);
    });
  });
}
