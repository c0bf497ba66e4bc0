import { formatInstant } from '../../../contract/instants.ts';
import { ClientError } from '../../clientError.ts';
import { verifyLicence } from '../../licence/licence.ts';
import type { LicenceClaims } from '../../licence/licenceClaims.ts';
import type { Settings } from '../../options.ts';
import type { LicenceState } from '../../states.ts';
import { MAX_TOKEN } from '../../tokens/compactToken.ts';
import type { KeySet } from '../../trust/keySet.ts';
import { verifySignedKeySet } from '../../trust/signedKeySet.ts';
import { pathsOf } from '../paths.ts';
import { readRunFile } from '../readRunFile.ts';
import type { Report } from '../report.ts';
import { judgeRunFolder, KEY_SET, LICENCE, STATE } from '../runFolder.ts';
import { readConfiguration } from '../settings/configuration.ts';
import { settingsOf } from '../settings/settings.ts';
import { isSilent, readStatusFile } from '../statusFile.ts';

/** Whether the files that an agent has published let the software run now. */
export interface Verdict {
  readonly isOpen: boolean;
  /** For people: what keeps it closed. */
  readonly reason: string;
  /** Milliseconds since the epoch: of a licence that verified; null where none did. */
  readonly graceUntil: number | null;
}

/** Nothing of these files counts; the message says why. */
class Closed extends Error {
  readonly graceUntil: number | null;

  constructor(reason: string, graceUntil: number | null = null) {
    super(reason);
    this.graceUntil = graceUntil;
  }
}

/** Reads the configuration and the run folder anew. Only what can be verified, and is not too old, is believed. */
export async function readVerdict(env: NodeJS.ProcessEnv): Promise<Verdict> {
  try {
    return { isOpen: true, reason: '', graceUntil: await checkFiles(env) };
  } catch (error) {
    if (error instanceof Closed) return { isOpen: false, reason: error.message, graceUntil: error.graceUntil };
    throw error;
  }
}

/** @returns the end of the licence's grace. @throws {Closed} */
async function checkFiles(env: NodeJS.ProcessEnv): Promise<number> {
  const uid = process.geteuid?.();
  const paths = pathsOf(process.platform, env);
  const configuration = await readConfiguration({ env, paths, uid });
  const settings = settingsOf(configuration, { folder: paths.state }, {});
  if (settings instanceof ClientError) throw new Closed(settings.message);
  const folder = new PublishedFiles(configuration.runFolder, uid);
  await folder.checkState();
  const status = await folder.readStatus();
  const graceUntil = (await verify(settings, folder, status)).licence.graceUntil * 1000;
  if (isSilent(status)) {
    const since = `The next check was due at ${status.nextCheckAt}, which is more than 30 minutes past`;
    throw new Closed(`${since}: no agent runs. Start countersign.service.`, graceUntil);
  }
  if (graceUntil <= Date.now()) throw new Closed(describeEnd(graceUntil), graceUntil);
  return graceUntil;
}

export function describeEnd(graceUntil: number): string {
  return `The grace of the licence ended at ${formatInstant(graceUntil)}.`;
}

async function verify(settings: Settings, folder: PublishedFiles, { vmId }: Report): Promise<LicenceClaims> {
  if (vmId === null) throw new Closed('status.json names no VM.');
  const licence = await folder.read(LICENCE);
  const keySet = await readKeys(settings, folder);
  const { issuer, product } = settings;
  return judge(LICENCE, () => verifyLicence(licence, keySet, { issuer, product, vmId }));
}

async function readKeys({ trust, issuer }: Settings, folder: PublishedFiles): Promise<KeySet> {
  switch (trust.kind) {
    case 'keySet':
      return trust.keySet;
    case 'rootKeys': {
      const text = await folder.read(KEY_SET);
      return judge(KEY_SET, () => verifySignedKeySet(text, { issuer, rootKeys: trust.rootKeys }));
    }
    case 'first-use':
      throw new Closed('The option trust is first-use: nothing can be verified. Name the rootKeys in it.');
  }
}

function judge<Value>(name: string, verifyIt: () => Value): Value {
  try {
    return verifyIt();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new Closed(`${name} does not verify (${error.code}). ${error.message}`);
  }
}

const RUNNING: readonly string[] = ['licensed', 'grace'] satisfies LicenceState[];

class PublishedFiles {
  readonly #path: string;
  readonly #owners: readonly number[] | undefined;

  /** @throws {Closed} where the folder is not one that only its owner can write */
  constructor(path: string, uid: number | undefined) {
    const fault = judgeRunFolder(path, uid);
    if (fault !== undefined) throw new Closed(fault);
    this.#path = path;
    this.#owners = uid === undefined ? undefined : [uid];
  }

  async checkState(): Promise<void> {
    const word = (await this.read(STATE)).replace(/\n$/, '');
    if (RUNNING.includes(word)) return;
    throw new Closed(`The state is ${/^[a-z_]{1,20}$/.test(word) ? word : 'not one of the agent’s words'}.`);
  }

  async readStatus(): Promise<Report> {
    const file = await readStatusFile(this.#path, this.#owners);
    if (file === undefined) throw new Closed('status.json cannot be read or believed. Start countersign.service.');
    return file.report;
  }

  async read(name: string): Promise<string> {
    const file = await readRunFile([this.#path, name], MAX_TOKEN, this.#owners);
    if (file.read) return file.text;
    throw new Closed(`${name} cannot be read or believed (${file.code}).`);
  }
}
