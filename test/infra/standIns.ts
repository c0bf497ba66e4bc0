import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
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
    writeFileSync(join(this.folder, `${name}.json`), JSON.stringify(rules));
    const program = join(import.meta.dirname, 'standIn.ts');
    const file = join(this.folder, name);
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${this.folder}' '${name}' "$@"\n`);
    chmodSync(file, 0o755);
  }

  /** What was run, each as one line. */
  calls(): string[] {
    const log = join(this.folder, 'calls');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  /** Runs a line of a hook in sh, as azd does. */
  runShell(line = '', environment: Readonly<Record<string, string>> = {}): Ended {
    return this.#spawn('sh', ['-c', line], environment);
  }

  /** Runs a script of the project. */
  runNode(script: string, args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Ended {
    return this.#spawn(process.execPath, [join(ROOT, script), ...args], environment);
  }

  #spawn(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Ended {
    const PATH = [this.folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
    const env = { PATH, HOME: this.folder, HOOK_PAUSE_SECONDS: '0', ...environment };
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, env, encoding: 'utf8' });
    return { status, stdout, stderr };
  }
}
