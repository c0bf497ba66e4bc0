import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ChassisTag } from '../adapters.ts';

const LINUX_FILE = '/sys/class/dmi/id/chassis_asset_tag';
const MAX_TAG = 256;

/** Commands by their full path: what stands first in PATH must not answer. */
const COMMANDS: Readonly<Partial<Record<NodeJS.Platform, readonly [file: string, ...args: string[]]>>> = {
  freebsd: ['/bin/kenv', '-q', 'smbios.chassis.tag'],
  win32: [
    'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
    ...['-NoProfile', '-NonInteractive', '-Command'],
    "$ErrorActionPreference='Stop'; (Get-CimInstance Win32_SystemEnclosure | Select-Object -First 1).SMBIOSAssetTag",
  ],
};

/** Reads the asset tag of the chassis (SMBIOS type 3) from where the system shows it to every user. */
export async function readChassisTag(): Promise<ChassisTag> {
  try {
    const command = COMMANDS[process.platform];
    // The kernel has it in memory: a thread would take ten times as long.
    const tag = (command === undefined ? readFileSync(LINUX_FILE, 'latin1') : await run(command)).trim();
    return tag.length > MAX_TAG ? { readable: false } : { readable: true, tag };
  } catch {
    return { readable: false };
  }
}

function run([file, ...args]: readonly [string, ...string[]]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: 20_000, windowsHide: true, maxBuffer: 4096 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error('The command failed.', { cause: error }));
    });
  });
}
