import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { PROJECT } from './appFolder.ts';

export interface HostProcess {
  readonly process: ChildProcess;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** the exit code, or the signal that ended it */
  readonly ended: Promise<number | string>;
  /** waits for the line that says where the host listens; fails when the process ends before */
  readonly url: () => Promise<string>;
  /** waits until this stands in the log (standard error); fails when the process ends before */
  readonly says: (text: string) => Promise<void>;
}

/** Runs `main.ts` in a process of its own, with Node's own type stripping. */
export function spawnHost(args: readonly string[], env: NodeJS.ProcessEnv = {}): HostProcess {
  const main = join(PROJECT, 'src/dev/functionsHost/main.ts');
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? '');
    });
  });
  const firstLine = new Promise<void>((resolve) => {
    child.stdout.on('data', () => {
      if (stdout.includes('\n')) resolve();
    });
  });
  const url = async (): Promise<string> => {
    const early = await Promise.race([ended, firstLine]);
    if (early !== undefined) throw new Error(`The host ended with ${early}: ${stderr}`);
    return (JSON.parse(stdout) as { url: string }).url;
  };
  const says = async (text: string): Promise<void> => {
    while (!stderr.includes(text)) {
      const early = await Promise.race([ended, once(child.stderr, 'data').then(() => null)]);
      if (early !== null && !stderr.includes(text)) throw new Error(`The host ended with ${early}: ${stderr}`);
    }
  };
  return { process: child, output: () => ({ stdout, stderr }), ended, url, says };
}
