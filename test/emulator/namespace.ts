import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

/** A network namespace with an emulator at the address of IMDS: nothing outside sees it. */

const ROOT = resolve(import.meta.dirname, '../..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Namespace {
  /** Words that stand before a command to run it inside. */
  readonly inside: readonly string[];
  /** Why there is none; null where there is one. */
  readonly absent: string | null;
  readonly #name: string;
  readonly #children: ReturnType<typeof spawn>[] = [];

  constructor(label: string) {
    this.#name = `countersign-${label}-${process.pid}`;
    this.inside = ['ip', 'netns', 'exec', this.#name];
    this.absent =
      ip('netns', 'add', this.#name) ??
      ip('-n', this.#name, 'link', 'set', 'lo', 'up') ??
      ip('-n', this.#name, 'address', 'add', '169.254.169.254/32', 'dev', 'lo');
  }

  /** @returns what it announces itself with */
  async startEmulator(): Promise<string> {
    const bind = ['--bind', '169.254.169.254', '--force', '--rate-limit', '0', '--json'];
    const { child, written } = this.#start([process.execPath, join(ROOT, 'src/cli/main.ts'), 'imds', ...bind], {});
    while (!written.stdout.includes('\n')) {
      const [code] = await Promise.race([once(child, 'close'), once(child.stdout, 'data').then(() => [null])]);
      if (code !== null) throw new Error(`The emulator did not start: ${written.stderr}`);
    }
    return written.stdout;
  }

  /** Runs a command inside. */
  async run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const { child, written } = this.#start(command, env);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...written };
  }

  async close(): Promise<void> {
    for (const child of this.#children.filter(({ exitCode }) => exitCode === null)) {
      child.kill('SIGINT');
      await once(child, 'close');
    }
    ip('netns', 'delete', this.#name);
  }

  #start(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = '', ...args] = [...this.inside, ...command];
    const settings = { cwd: ROOT, env: { ...process.env, ...env } };
    const child = spawn(program, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    const written = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
    return { child, written };
  }
}

function ip(...args: readonly string[]): string | null {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? null : stderr.trim();
}
