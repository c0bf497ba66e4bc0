import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Finding } from '../../../../src/client/agent/doctor/finding.ts';
import { runsPrograms } from '../../../support/programs.ts';
import { MAIN } from '../support/agentScene.ts';
import { AZURE_TAG } from '../../support/vectors.ts';

/** A VM in network and mount namespaces of its own, with IMDS at its real address behind its first network card. */

const COMMAND_LINE = resolve(import.meta.dirname, '../../../../src/cli/main.ts');
const CHASSIS = '/sys/class/dmi/id';

/** Why there can be no such VM; null where there can. */
export function missingNamespaces(): string | null {
  if (!runsPrograms) return 'npm run check makes network namespaces';
  const { status, stderr } = spawnSync('unshare', ['-mn', 'ip', 'link', 'add', 'eth0', 'type', 'veth'], {
    encoding: 'utf8',
  });
  return status === 0 ? null : `no network namespaces: ${stderr}`;
}

export class Fabric {
  readonly #children: ChildProcess[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'countersign-fabric-'));
  #vm = 0;
  /** Has IMDS. */
  #host = 0;
  /** The other end of the secondary card, without IMDS. */
  #elsewhere = 0;

  static async start(): Promise<Fabric> {
    const fabric = new Fabric();
    fabric.#vm = await fabric.#hold();
    fabric.#host = await fabric.#hold();
    fabric.#elsewhere = await fabric.#hold();
    fabric.#wire();
    await fabric.#startImds();
    return fabric;
  }

  async stop(): Promise<void> {
    const ended = this.#children.map((child) => once(child, 'close'));
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ended);
    rmSync(this.#folder, { recursive: true });
  }

  /** Runs a line of a shell on the VM. @throws an Error with what it wrote, where it fails */
  onVm(line: string): void {
    run(this.#vm, line);
  }

  /** What the doctor finds on the VM, in these areas. */
  async doctor(areas: readonly Finding['area'][]): Promise<readonly Finding[]> {
    const env = {
      PATH: process.env['PATH'] ?? '',
      COUNTERSIGN_ONCE: 'true',
      COUNTERSIGN_FOLDER: join(this.#folder, 'state'),
      COUNTERSIGN_RUN_FOLDER: join(this.#folder, 'run'),
    };
    const child = this.#spawn(this.#vm, [process.execPath, MAIN, 'doctor', '--json'], env);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(child, 'close');
    const { findings } = JSON.parse(text) as { findings: readonly Finding[] };
    return findings.filter(({ area }) => areas.includes(area));
  }

  /** Namespaces live as long as a process is in them. @returns its id */
  async #hold(): Promise<number> {
    const child = spawn('unshare', ['-mn', 'sh', '-c', 'echo held; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  }

  /** eth0 leads to IMDS and everywhere; eth1, the secondary card, to a subnet without IMDS. */
  #wire(): void {
    run(this.#host, 'ip link set lo up; ip addr add 169.254.169.254/32 dev lo');
    for (const [index, end] of [this.#host, this.#elsewhere].entries()) {
      run(this.#vm, `ip link add eth${index} type veth peer name fabric netns ${end}`);
      run(end, `ip addr add 10.0.${index + 1}.1/24 dev fabric; ip link set fabric up`);
    }
    run(
      this.#vm,
      `ip link set lo up
       ip addr add 10.0.1.4/24 dev eth0; ip link set eth0 up
       ip addr add 10.0.2.4/24 dev eth1; ip link set eth1 up
       mount -t tmpfs none /sys/class && mkdir -p ${CHASSIS} && echo ${AZURE_TAG} > ${CHASSIS}/chassis_asset_tag`,
    );
    this.resetRoutes();
  }

  /** As DHCP in Azure sets them. */
  resetRoutes(): void {
    this.onVm(`ip route flush table main
      ip route add 10.0.1.0/24 dev eth0; ip route add 10.0.2.0/24 dev eth1
      for to in default 168.63.129.16 169.254.169.254; do ip route add $to via 10.0.1.1 dev eth0; done`);
  }

  async #startImds(): Promise<void> {
    const args = ['imds', '--bind', '169.254.169.254', '--port', '80', '--rate-limit', '0', '--json'];
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.#folder };
    const child = this.#spawn(this.#host, [process.execPath, COMMAND_LINE, ...args], env);
    if (child.stdout === null) throw new Error('The emulator has no output.');
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('{')) return;
    throw new Error('The emulator did not start.');
  }

  #spawn(holder: number, command: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const child = spawn('nsenter', ['-t', String(holder), '-m', '-n', ...command], {
      ...{ env, cwd: this.#folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    child.once('close', () => this.#children.splice(this.#children.indexOf(child), 1));
    return child;
  }
}

function run(holder: number, line: string): void {
  const { status, stderr } = spawnSync('nsenter', ['-t', String(holder), '-m', '-n', 'sh', '-ec', line], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${line}\n${stderr}`);
}
