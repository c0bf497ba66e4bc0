import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatInstant } from '../../../../src/contract/instants.ts';
import type { LicenceClaims } from '../../../../src/contract/claims.ts';
import { buildAgent } from '../../../../src/dev/buildAgent.ts';
import { DAY, HOUR, licenceClaims, VM_ID } from '../../support/vectors.ts';
import { createAgentScene } from './agentScene.ts';
import type { AgentScene, Ended } from './agentScene.ts';

/** A `systemctl` that has one target, writes down its arguments, and lets a test do something in between. */
const SYSTEMCTL = `#!/bin/sh
cd "$GATE_SCENE"
case "$1" in
  is-active) test -e active ;;
  start) echo start >> told; touch active; if test -e hook; then . ./hook; fi ;;
  stop) echo stop >> told; rm -f active; if test -e hook; then . ./hook; fi ;;
esac
`;

/** What an agent has published. */
interface Published {
  readonly state?: string;
  readonly vmId?: string | null;
  readonly nextCheckAt?: string;
  /** Changes the licence before it is signed. */
  readonly alter?: (claims: LicenceClaims) => LicenceClaims;
}

/** A run folder as an agent leaves it, and the gate before it. */
export class GateScene {
  readonly agent: AgentScene;
  readonly #file: string;

  constructor(agent: AgentScene, file: string) {
    this.agent = agent;
    this.#file = file;
  }

  path(name: string): string {
    return join(this.agent.run, name);
  }

  /** What the gate keeps for itself. */
  ownPath(name: string): string {
    return join(this.agent.root, 'gate', name);
  }

  async publish({ state = 'licensed', vmId = VM_ID, nextCheckAt, alter = (claims) => claims }: Published = {}) {
    const { service } = this.agent;
    const claims = licenceClaims(service.issuer, 'a thumbprint', Date.now() - HOUR);
    const now = formatInstant(Date.now());
    const status = { state, vmId, since: now, nextCheckAt: nextCheckAt ?? formatInstant(Date.now() + HOUR) };
    mkdirSync(this.agent.run, { recursive: true, mode: 0o755 });
    writeFileSync(
      this.path('jwks.jwt'),
      await service.signKeySet({ claims: { iat: claims.iat, exp: claims.iat + 60 * 86_400 } }),
    );
    writeFileSync(this.path('licence.jwt'), await service.sign(alter(claims)));
    writeFileSync(this.path('status.json'), JSON.stringify(status));
    writeFileSync(this.path('state'), `${state}\n`);
  }

  /** Something for `systemctl` to do after the next start or stop, in the scene's folder. */
  afterActing(script: string): void {
    writeFileSync(join(this.agent.root, 'hook'), `rm hook\n${script}\n`);
  }

  get isOpen(): boolean {
    return existsSync(join(this.agent.root, 'active'));
  }

  set isOpen(open: boolean) {
    if (open) writeFileSync(join(this.agent.root, 'active'), '');
  }

  /** What `systemctl` was told. */
  get told(): readonly string[] {
    const path = join(this.agent.root, 'told');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  run(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const { root } = this.agent;
    const PATH = `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`;
    const own = { PATH, GATE_SCENE: root, RUNTIME_DIRECTORY: join(root, 'gate') };
    return this.agent.agent(['gate'], { env: { ...own, ...env }, program: [process.execPath, this.#file] });
  }
}

/** The agent as it is shipped: two processes of it start in each run. */
let built: Promise<string> | undefined;

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-gate-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  await chmod(folder, 0o755);
  return buildAgent(folder);
}

export async function createGateScene(): Promise<GateScene> {
  const agent = await createAgentScene();
  mkdirSync(join(agent.root, 'bin'));
  writeFileSync(join(agent.root, 'bin/systemctl'), SYSTEMCTL, { mode: 0o755 });
  return new GateScene(agent, await (built ??= build()));
}

/** A licence that expired, and whose grace ends in so many milliseconds. */
export function graceFor(milliseconds: number): (claims: LicenceClaims) => LicenceClaims {
  return (claims) => {
    const seconds = Math.floor((Date.now() + milliseconds) / 1000);
    const iat = seconds - 10 * (DAY / 1000);
    const exp = iat + DAY / 1000;
    return { ...claims, iat, exp, licence: { ...claims.licence, renewAfter: iat + 60, graceUntil: seconds } };
  };
}
