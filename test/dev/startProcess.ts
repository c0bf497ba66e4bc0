import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly interrupt: () => void;
  /** Waits until this stands in the output; fails where the process ends before. */
  readonly says: (output: 'stdout' | 'stderr', text: string) => Promise<string>;
}

/** What `npm start` runs, in a process of its own and on free ports unless told otherwise. */
export function spawnStart(args: readonly string[], env: Readonly<Record<string, string>> = {}): StartProcess {
  const ports = { COUNTERSIGN_PORT: '0', COUNTERSIGN_IMDS_PORT: '0', COUNTERSIGN_TABLE_PORT: '0' };
  const child = spawn(process.execPath, [join(ROOT, 'src/dev/start.ts'), ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...ports, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
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
    interrupt: () => void child.kill('SIGINT'),
    says: async (output, text) => {
      while (!written[output].includes(text)) {
        const early = await Promise.race([ended, once(child[output], 'data').then(() => null)]);
        if (early !== null && !written[output].includes(text))
          throw new Error(`It ended before: ${JSON.stringify(early)}`);
      }
      return written[output];
    },
  };
}

export function runStart(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return spawnStart(args, env).ended;
}

/** Of text with one JSON value a line, the last line ended too. */
export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('The last line is not ended.');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
