import { randomBytes } from 'node:crypto';
import { judgeChassis } from '../../client/imds/chassis.ts';
import type { Chassis } from '../../client/imds/chassis.ts';
import type { JsonObject } from '../../client/members.ts';
import { nonceFromDigest } from '../../contract/nonce.ts';
import type { NonceStyle } from '../../contract/wire.ts';
import type { Io } from '../command.ts';
import { Asker } from '../../client/diagnosis/ask.ts';
import type { Answer } from '../../client/diagnosis/ask.ts';
import { readProxy } from '../../client/diagnosis/proxy.ts';
import { askForDocument, askForInstance, askForVersions, isReached } from '../../client/diagnosis/questions.ts';
import type { ProxyFacts } from '../../client/diagnosis/proxy.ts';
import type { World } from './world.ts';

/** Everything that `preflight` looks at. Nothing is judged here. */
export interface Observations {
  readonly chassis: Chassis;
  readonly proxy: ProxyFacts;
  /** `unknown` where this program does not know how to look. */
  readonly vtpm: 'seen' | 'absent' | 'unknown';
  readonly versions: Answer<readonly string[]>;
  /** Null where IMDS was not reached, so that it was not asked; so with the documents. */
  readonly instance: Answer<JsonObject> | null;
  readonly documents: readonly ObservedDocument[];
}

export interface ObservedDocument {
  readonly style: NonceStyle;
  readonly nonce: string;
  /** Base64 of the document. */
  readonly answer: Answer<string>;
  /** Whether the document carries the nonce. */
  readonly isEchoed: boolean;
  /** How many documents carried another one first. */
  readonly stale: number;
  /** By the clock of this machine, when the answer came: milliseconds since the epoch. */
  readonly at: number;
}

const NONCE_STYLES: readonly NonceStyle[] = ['base32', 'digits'];
const MAX_STALE = 3;
const STALE_PAUSE = 250;

type Source = Pick<Io, 'env' | 'now'>;

export async function observe(io: Source, world: World, url: string): Promise<Observations> {
  const chassis = judgeChassis(await world.chassisTag(), null);
  const machine = { chassis, proxy: readProxy(io.env), vtpm: lookForTpm(world) };
  const asker = new Asker(world, url, { chassis });
  const versions = await askForVersions(asker);
  if (!isReached(versions)) return { ...machine, versions, instance: null, documents: [] };
  const instance = await askForInstance(asker, versions);
  const documents: ObservedDocument[] = [];
  for (const style of NONCE_STYLES) documents.push(await observeDocument({ io, world, asker, versions }, style));
  return { ...machine, versions, instance, documents };
}

function lookForTpm({ platform, isThere }: World): Observations['vtpm'] {
  if (platform !== 'linux') return 'unknown';
  return isThere('/dev/tpmrm0') ? 'seen' : 'absent';
}

interface DocumentScene {
  readonly io: Source;
  readonly world: World;
  readonly asker: Asker;
  readonly versions: Answer<readonly string[]>;
}

/** IMDS caches, so that a document can carry an earlier nonce: then it is asked again. */
async function observeDocument({ io, world, asker, versions }: DocumentScene, style: NonceStyle) {
  const nonce = nonceFromDigest(randomBytes(32), style);
  for (let stale = 0, pause = STALE_PAUSE; ; stale++, pause *= 2) {
    const answer = await askForDocument(asker, versions, nonce);
    const { judgement } = answer;
    const isEchoed = judgement.kind === 'usable' && hasNonce(judgement.value, nonce);
    if (isEchoed || judgement.kind === 'trouble' || stale === MAX_STALE) {
      return { style, nonce, answer, isEchoed, stale, at: io.now() };
    }
    await world.clocks.sleep(pause);
  }
}

function hasNonce(signature: string, nonce: string): boolean {
  return Buffer.from(signature, 'base64').includes(nonce, 0, 'latin1');
}
