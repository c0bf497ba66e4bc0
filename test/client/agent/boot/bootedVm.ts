import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'vm.sh');

/** A machine with systemd as its first process, in namespaces of its own. It has no network but the one it is given. */
export class BootedVm {
  readonly #tree: string;
  readonly #disk: string;
  readonly #inside: readonly string[];
  readonly #cgroup = `countersign-boot-${process.pid}`;
  #process: ChildProcess | undefined;

  /** @param inside words that stand before a command to run it in the machine's network */
  constructor(tree: string, disk: string, inside: readonly string[]) {
    this.#tree = tree;
    this.#disk = disk;
    this.#inside = inside;
  }

  /** Installs a package while the machine is off. @returns what that wrote */
  install(deb: string): string {
    return this.#script(['install', this.#tree, this.#disk, deb]);
  }

  /** Writes into the disk while the machine is off. */
  write(path: string, content: string): void {
    const target = join(this.#disk, 'upper', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  boot(): void {
    const words = [...this.#inside, SCRIPT, 'boot', this.#tree, this.#disk, this.#cgroup];
    // It must not outlast this process, however that ends.
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** The first process of the machine, as this one sees it. Its parent became what we started, in steps. */
  get #pid(): string {
    const pid = String(this.#process?.pid);
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  }

  /** Runs a command in the machine. @returns its output; null where it, or the machine, does not work (yet) */
  run(...command: readonly string[]): string | null {
    const into = ['--target', this.#pid, '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--net'];
    const { status, stdout } = spawnSync('nsenter', [...into, ...command], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  }

  /** A property of a unit, as systemd has it now. */
  show(unit: string, property: string): string | null {
    return this.run('systemctl', 'show', unit, '--property', property, '--value');
  }

  /** As somebody pulls the plug. */
  cutPower(): Promise<void> {
    return this.#end((machine) => machine.kill('SIGKILL'));
  }

  shutDown(): Promise<void> {
    return this.#end(() => this.run('systemctl', 'poweroff'));
  }

  async #end(how: (machine: ChildProcess) => unknown): Promise<void> {
    const machine = this.#process;
    if (machine === undefined) return;
    const ended = once(machine, 'close');
    how(machine);
    await ended;
    this.#process = undefined;
    this.#script(['clear', this.#tree, this.#disk, this.#cgroup]);
  }

  #script(args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(SCRIPT, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`vm.sh ${args[0] ?? ''} failed.\n${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  }
}
