import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { REAL_ADAPTERS } from '../../../../src/client/adapters/real.ts';
import { checkLicence } from '../../../../src/client/index.ts';
import type { Answer } from '../../../../src/client/index.ts';
import { ImdsStub } from '../../support/imdsStub.ts';
import { LicenceService } from '../../support/licenceService.ts';
import { createFolder } from '../../support/scene.ts';
import { PRODUCT } from '../../support/vectors.ts';

/** The agent's sources. */
export const MAIN = resolve(import.meta.dirname, '../../../../src/client/agent/main.ts');

export interface Ended {
  /** The exit code, or the signal that ended the process. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AgentProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  readonly written: { stdout: string; stderr: string };
  readonly signal: (name: NodeJS.Signals) => void;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What runs it, before its arguments; this Node and the sources unless given. */
  readonly program?: readonly [string, ...string[]];
}

/** A VM with a real IMDS and a real licence service on loopback, for agents that are real processes on the machine's clock. */
export class AgentScene {
  readonly imds: ImdsStub;
  readonly service: LicenceService;
  /** Everything of this VM. */
  readonly root: string;
  constructor(imds: ImdsStub, service: LicenceService, root: string) {
    this.imds = imds;
    this.service = service;
    this.root = root;
  }

  get state(): string {
    return join(this.root, 'state');
  }

  get run(): string {
    return join(this.root, 'run');
  }

  get options() {
    return {
      issuer: this.service.issuer,
      product: PRODUCT,
      imdsUrl: this.imds.url,
      trust: { rootKeys: this.service.roots.map(({ kid }) => kid) },
    };
  }

  /** The same as environment variables. */
  get env(): Readonly<Record<string, string>> {
    return {
      PATH: process.env['PATH'] ?? '',
      COUNTERSIGN_ISSUER: this.options.issuer,
      COUNTERSIGN_PRODUCT: PRODUCT,
      COUNTERSIGN_IMDS_URL: this.options.imdsUrl,
      COUNTERSIGN_TRUST: JSON.stringify(this.options.trust),
      COUNTERSIGN_FOLDER: this.state,
      COUNTERSIGN_RUN_FOLDER: this.run,
      COUNTERSIGN_ONCE: 'true',
    };
  }

  spawn(args: readonly string[], { env = {}, program = [process.execPath, MAIN] }: SpawnOptions = {}): AgentProcess {
    const [command, ...first] = program;
    const child = spawn(command, [...first, ...args], {
      env: { ...this.env, ...env },
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
    return { pid: child.pid ?? 0, ended, written, signal: (name) => void child.kill(name) };
  }

  agent(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
    return this.spawn(args, options).ended;
  }

  /** Leaves a licence in the state folder that was issued so many milliseconds ago. */
  licenseAgo(milliseconds: number): Promise<Answer> {
    const now = () => Date.now() - milliseconds;
    const adapters = { clocks: { ...REAL_ADAPTERS.clocks, now } };
    this.service.now = now;
    return checkLicence({ ...this.options, folder: this.state, once: true, adapters }).finally(() => {
      this.service.now = Date.now;
    });
  }
}

export async function createAgentScene(): Promise<AgentScene> {
  const [imds, service, root] = await Promise.all([ImdsStub.start(), LicenceService.start(Date.now), createFolder()]);
  onTestFinished(async () => {
    await Promise.all([imds.close(), service.close()]);
  });
  const scene = new AgentScene(imds, service, root);
  await mkdir(scene.state, { mode: 0o700 });
  return scene;
}
