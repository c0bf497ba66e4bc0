import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { quoteForSh } from '../../src/contract/quoteForSh.ts';
import { ROOT } from './bicep.ts';

/** What a stand-in does at a call: it prints and ends. */
export interface Answer {
  readonly exit?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A rule of a stand-in: the answers to calls whose arguments hold `on`, one after the other; the last one stays. */
export interface Rule {
  readonly on: string;
  readonly answers: readonly Answer[];
}

/** One answer to every call, or rules of which the first that fits counts. */
export type Script = Answer | readonly Rule[];

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const reply = ({ exit = 0, stdout = '', stderr = '' }: Answer) =>
  `printf %s ${quoteForSh(stdout)}; printf %s ${quoteForSh(stderr)} >&2; exit ${exit}`;

/**
 * Small programs in front of the others on PATH, which write down what they are asked and answer as the test says. They
 * take the place of `az`, `azd` and `npm`, which the hooks run.
 */
export class StandIns {
  readonly folder = mkdtempSync(join(tmpdir(), 'stand-ins-'));

  constructor(scripts: Readonly<Record<string, Script>>) {
    onTestFinished(() => {
      rmSync(this.folder, { recursive: true, force: true });
    });
    for (const [name, script] of Object.entries(scripts)) this.#write(name, script);
  }

  #write(name: string, script: Script): void {
    const rules = 'length' in script ? script : [{ on: '', answers: [script] }];
    const cases = rules.map(({ on, answers }, rule) => {
      const replies = answers.map((answer, place) => `${rule}.${place}) ${reply(answer)} ;;`);
      return { pattern: `*${quoteForSh(on)}*) rule=${rule} last=${answers.length - 1} ;;`, replies };
    });
    const counter = quoteForSh(join(this.folder, name));
    const lines = [
      '#!/bin/sh',
      `printf '%s\\n' ${quoteForSh(name)}" $*" >> ${quoteForSh(join(this.folder, 'calls'))}`,
      `case "$*" in`,
      ...cases.map(({ pattern }) => pattern),
      `*) echo "The stand-in has no answer to: $*" >&2; exit 70 ;;`,
      'esac',
      `count=$(cat ${counter}.$rule 2>/dev/null || echo 0)`,
      `echo $((count + 1)) > ${counter}.$rule`,
      '[ "$count" -le "$last" ] || count=$last',
      'case "$rule.$count" in',
      ...cases.flatMap(({ replies }) => replies),
      'esac',
    ];
    this.#writeExecutable(name, `${lines.join('\n')}\n`);
  }

  /** A program of a test’s own, `node SCRIPT FOLDER ARGUMENTS…`. */
  addProgram(name: string, script: string): void {
    const command = quoteForSh(process.execPath, join(ROOT, script), this.folder);
    this.#writeExecutable(name, `#!/bin/sh\nexec ${command} "$@"\n`);
  }

  #writeExecutable(name: string, text: string): void {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }

  /** What was run, each as one line. */
  calls(): string[] {
    const log = join(this.folder, 'calls');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  /** Runs a line of a hook in sh, as azd does. */
  runShell(line = '', environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.#spawn('sh', ['-c', line], environment);
  }

  /** Runs a hook by its name, as azd does. */
  runHook(name: string, environment: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Ended> {
    return this.#spawn(process.execPath, [`infra/hooks/${name}.ts`, ...args], environment);
  }

  async #spawn(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<Ended> {
    const PATH = [this.folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
    const env = { PATH, HOME: this.folder, HOOK_PAUSE_SECONDS: '0', HOOK_TRIES: '3', ...environment };
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, ...texts };
  }
}
