import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A shell that is somebody's terminal: what is typed runs in it, one text after the other, and the first failure ends it. */
export class Terminal {
  readonly #shell: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #written = '';
  #runs = 0;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    // A process group of its own, as a terminal has one, so that Ctrl-C reaches what the shell runs.
    this.#shell = spawn('sh', ['-e'], { cwd, env, detached: true, stdio: 'pipe' });
    for (const stream of [this.#shell.stdout, this.#shell.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#written += text;
        this.#shell.emit('written');
      });
    // It may end before it has read what is typed.
    this.#shell.stdin.on('error', () => undefined);
    // One stream: with two, what was written to the one may be read after what was written to the other later.
    this.#shell.stdin.write('exec 2>&1\n');
    this.#ended = once(this.#shell, 'close').then(() => {
      this.#hasEnded = true;
      this.#shell.emit('written');
    });
    onTestFinished(() => {
      this.#signal('SIGKILL');
    });
  }

  /** Types commands and does not wait for their end. */
  type(commands: string): void {
    this.#shell.stdin.write(`{\n${commands}\n} < /dev/null\n`);
  }

  /** @returns what the commands printed @throws Error where one failed */
  async run(commands: string): Promise<string> {
    const from = this.#written.length;
    const end = `--- end of commands ${++this.#runs} ---\n`;
    this.type(`${commands}\nprintf '%s\\n' '${end.trim()}'`);
    await this.says(end);
    return this.#written.slice(from, this.#written.lastIndexOf(end));
  }

  /** Waits until this pattern stands in what was printed. @throws Error where the shell ends before */
  async says(pattern: string): Promise<RegExpExecArray> {
    for (;;) {
      const found = new RegExp(pattern).exec(this.#written);
      if (found !== null) return found;
      if (this.#hasEnded) throw new Error(`It ended before "${pattern}":\n${this.#written}`);
      await once(this.#shell, 'written');
    }
  }

  /** Ctrl-C, and the end of the session. */
  async close(): Promise<void> {
    this.#signal('SIGINT');
    this.#shell.stdin.end();
    await this.#ended;
  }

  #signal(name: NodeJS.Signals): void {
    if (!this.#hasEnded && this.#shell.pid !== undefined) process.kill(-this.#shell.pid, name);
  }
}
