import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const TARGET = 'countersign-licensed.target';

/** The target's own condition: without this file nobody else starts it, not even with the software that needs it. */
const OPEN = 'open';

/** A `systemctl` that did not do what it was asked for. */
export class SystemctlError extends Error {
  override readonly name = 'SystemctlError';
}

/** The target that the software belongs to. */
export class Target {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param folder of the gate */
  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
  }

  /** @returns whether it was stopped. @throws {SystemctlError} */
  start(): boolean {
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    writeFileSync(join(this.#folder, OPEN), '');
    if (this.#isActive()) return false;
    this.#systemctl('start');
    return true;
  }

  /** Waits for the software to stop. @returns whether it was started. @throws {SystemctlError} */
  stop(): boolean {
    rmSync(join(this.#folder, OPEN), { force: true });
    if (!this.#isActive()) return false;
    this.#systemctl('stop');
    return true;
  }

  /** One that is active already is not started again: that would start software which somebody has stopped. */
  #isActive(): boolean {
    return spawnSync('systemctl', ['is-active', '--quiet', TARGET], { env: this.#env }).status === 0;
  }

  #systemctl(verb: 'start' | 'stop'): void {
    const { status, stderr, error } = spawnSync('systemctl', [verb, TARGET], { env: this.#env, encoding: 'utf8' });
    if (status === 0) return;
    const [line = ''] = (error?.message ?? stderr).trim().split('\n');
    throw new SystemctlError(`systemctl ${verb} ${TARGET} failed: ${line}`);
  }
}
