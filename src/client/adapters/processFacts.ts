import { readFileSync, readlinkSync } from 'node:fs';
import type { ProcessFacts } from '../adapters.ts';
import { systemErrorCode } from '../clientError.ts';

/** Stands for a start that the system does not tell. */
const UNKNOWN = '?';

export const REAL_PROCESS: ProcessFacts = {
  // The file system judges by the effective user.
  uid: process.geteuid?.(),
  pid: process.pid,
  pidNamespace: readPidNamespace(),
  start: startOf(process.pid) ?? UNKNOWN,
  isRunning,
};

/** FreeBSD's jails see only their own processes and have no name for that: process ids say nothing there. */
function readPidNamespace(): string | undefined {
  if (process.platform === 'win32' || process.platform === 'darwin') return process.platform;
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Where /proc hides the processes of other users (hidepid), a signal that is not permitted still shows that one runs. */
function isRunning(pid: number, start: string): boolean {
  if (process.platform !== 'linux') return signal(pid) !== 'ESRCH';
  const found = startOf(pid);
  if (found === undefined) return signal(pid) === 'EPERM';
  return found === start || found === UNKNOWN || start === UNKNOWN;
}

/** @returns what the system answers to signal 0; undefined where it may be sent */
function signal(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return systemErrorCode(error);
  }
}

/**
 * Linux: the start in clock ticks since boot, field 22 of proc_pid_stat(5). The name in field 2 may hold blanks and
 * parentheses, so the fields are counted from the last parenthesis. A zombie has ended.
 */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return UNKNOWN;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? UNKNOWN);
  } catch {
    return undefined;
  }
}
