import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const MAIN = join(resolve(import.meta.dirname, '../..'), 'src/cli/main.ts');

export interface CliProcess {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | string; readonly stdout: string; readonly stderr: string }>;
  readonly signal: (name: 'SIGINT' | 'SIGTERM') => void;
  /** As a reader that has seen enough. */
  readonly closeOutput: () => void;
  /** The first line of standard output; fails where the process ends before. */
  readonly firstLine: () => Promise<string>;
}

/** The command line as a process of its own. */
export function spawnCli(
  args: readonly string[],
  cwd: string,
  {
    stdin = '',
    env = {},
  }: { readonly stdin?: Uint8Array | string; readonly env?: Readonly<Record<string, string>> } = {},
): CliProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...env, PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // A command that does not read its input closes it.
  child.stdin.on('error', () => undefined).end(stdin);
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string,
    ...written,
  }));
  return {
    pid: child.pid ?? 0,
    ended,
    signal: (name) => void child.kill(name),
    closeOutput: () => void child.stdout.destroy(),
    firstLine: async () => {
      while (!written.stdout.includes('\n')) {
        const early = await Promise.race([ended, once(child.stdout, 'data').then(() => null)]);
        if (early !== null && !written.stdout.includes('\n'))
          throw new Error(`It ended before: ${JSON.stringify(early)}`);
      }
      return written.stdout.split('\n')[0] ?? '';
    },
  };
}
