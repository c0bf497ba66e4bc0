import { uptime } from 'node:os';
import { formatInstant } from '../../contract/instants.ts';
import type { Answer } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import type { Agent } from './agent.ts';
import { findGroup, isOwnGroup, USUAL_GROUP } from './groups.ts';
import { reportOf } from './report.ts';
import type { Report } from './report.ts';
import { RunFolder } from './runFolder.ts';
import { readStatusFile } from './statusFile.ts';
import { formatUnwritten } from './unwritten.ts';

/** Writes each answer of a running agent into the run folder. */
export class Publisher {
  readonly #agent: Agent;
  readonly #folder: RunFolder;
  /** The last word of the agent before this one, while the state is still the same. */
  #earlier: Report | undefined;
  #lastFault: string | undefined;
  #unwritten: string | undefined;

  private constructor(agent: Agent, folder: RunFolder, earlier: Report | undefined) {
    this.#agent = agent;
    this.#folder = folder;
    this.#earlier = earlier;
  }

  /**
   * What an agent of the same boot has left stays until the first answer, so that a restart is no outage. What is left of an
   * earlier boot is not believed: the disk may be another machine's now.
   */
  static async open(agent: Agent): Promise<Publisher> {
    const { runFolder } = agent.configuration;
    const folder = new RunFolder(runFolder, findOwnGroup(agent));
    const uid = process.geteuid?.();
    const file = await readStatusFile(runFolder, uid === undefined ? undefined : [uid]);
    const isOfThisBoot = file !== undefined && file.writtenAt >= Date.now() - uptime() * 1000 - BOOT_SLACK;
    if (isOfThisBoot) folder.sweep();
    else folder.remove();
    return new Publisher(agent, folder, isOfThisBoot ? file.report : undefined);
  }

  publish(answer: Answer): void {
    if (this.#earlier?.state !== answer.state) this.#earlier = undefined;
    const report = {
      ...reportOf(this.#agent, answer, formatInstant(Date.now())),
      since: this.#earlier?.since ?? answer.since,
    };
    const tokens = { licence: answer.licence?.token, keySet: this.#keySet(answer) };
    const faults = [this.#folder.publish(report, tokens), this.#keep()];
    const fault = faults.find((code) => code !== undefined);
    if (fault !== undefined && fault !== this.#lastFault) {
      const message = `${this.#folder.path} could not be written (${fault}). Free or repair it.`;
      this.#agent.log('error', message, { code: fault });
    }
    this.#lastFault = fault;
  }

  #keep(): string | undefined {
    const unwritten = formatUnwritten(this.#agent.session);
    if (unwritten === this.#unwritten) return undefined;
    this.#unwritten = unwritten;
    return this.#folder.keep(unwritten);
  }

  withdraw(): void {
    this.#folder.withdraw();
  }

  /** systemd removes the folder when the unit stops, and keeps it over a restart; elsewhere nobody else does. */
  close({ RUNTIME_DIRECTORY = '' }: NodeJS.ProcessEnv): void {
    if (!RUNTIME_DIRECTORY.split(':').includes(this.#folder.path)) this.withdraw();
  }

  /** The newest set that a root key has signed: the licence counts under that. */
  #keySet({ licence }: Answer): string | undefined {
    const { session } = this.#agent;
    if (licence === undefined || session instanceof ClientError) return undefined;
    const kept = session.memory.newestKeySet?.kept;
    return typeof kept === 'string' ? kept : undefined;
  }
}

/** Milliseconds: by how much the clock of the file system may differ from the uptime's reckoning. */
const BOOT_SLACK = 10_000;

/** Without the usual group the files are readable for the agent's own. */
function findOwnGroup({ configuration: { group }, log }: Agent): number | undefined {
  const gid = findGroup(group ?? USUAL_GROUP);
  if (gid !== undefined && isOwnGroup(gid)) return gid;
  if (group !== undefined) {
    const why = gid === undefined ? 'does not exist' : "is not one of the agent's user";
    log('warning', `The group ${group} ${why}: licence.jwt and jwks.jwt get the agent's own group.`);
  }
  return undefined;
}
