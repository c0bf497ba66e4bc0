import { randomBytes } from 'node:crypto';
import { judgeChassis } from '../../client/imds/chassis.ts';
import type { Chassis } from '../../client/imds/chassis.ts';
import { PREFERRED_VERSIONS, newestKnownVersion } from '../../client/imds/versions.ts';
import { member, objectMember, parseJsonObject, textMember } from '../../client/members.ts';
import type { JsonObject } from '../../client/members.ts';
import { nonceFromDigest } from '../../contract/nonce.ts';
import type { NonceStyle } from '../../contract/wire.ts';
import type { Io } from '../command.ts';
import { Asker } from './ask.ts';
import type { Answer, Question } from './ask.ts';
import { readProxy } from './proxy.ts';
import type { ProxyFacts } from './proxy.ts';
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
/** Characters: IMDS takes 16 KiB of DER, and this is its base64. */
const MAX_SIGNATURE = 22_000;

type Source = Pick<Io, 'env' | 'now'>;

export async function observe(io: Source, world: World, url: string): Promise<Observations> {
  const chassis = judgeChassis(await world.chassisTag(), null);
  const machine = { chassis, proxy: readProxy(io.env), vtpm: lookForTpm(world) };
  const asker = new Asker(world, url, chassis);
  const versions = await asker.ask({ path: '/metadata/versions', query: {}, parse: parseVersions });
  if (!isReached(versions)) return { ...machine, versions, instance: null, documents: [] };
  const instance = await asker.ask({
    path: '/metadata/instance',
    query: { 'api-version': newestOf(versions) ?? PREFERRED_VERSIONS.licence },
    parse: parseInstance,
  });
  const documents: ObservedDocument[] = [];
  for (const style of NONCE_STYLES) documents.push(await observeDocument({ io, world, asker, versions }, style));
  return { ...machine, versions, instance, documents };
}

function lookForTpm({ platform, isThere }: World): Observations['vtpm'] {
  if (platform !== 'linux') return 'unknown';
  return isThere('/dev/tpmrm0') ? 'seen' : 'absent';
}

function isReached({ reply }: Answer<unknown>): boolean {
  return reply.kind === 'answer' || reply.kind === 'cut';
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

async function askForDocument(asker: Asker, versions: Answer<readonly string[]>, nonce: string) {
  const question = (version: string): Question<string> => ({
    path: '/metadata/attested/document',
    query: { 'api-version': version, nonce },
    parse: parseDocument,
  });
  const first = await asker.ask(
    question(hasPreferred(versions) ? PREFERRED_VERSIONS.licence : (newestOf(versions) ?? PREFERRED_VERSIONS.licence)),
  );
  const other = newestOf(first);
  const isRefused = first.judgement.kind === 'trouble' && first.judgement.trouble === 'version';
  return isRefused && other !== undefined ? asker.ask(question(other)) : first;
}

function hasPreferred({ judgement }: Answer<readonly string[]>): boolean {
  return judgement.kind === 'trouble' || judgement.value.includes(PREFERRED_VERSIONS.licence);
}

/** The newest api-version that the answer names and Countersign knows. */
function newestOf({ reply }: Answer<unknown>): string | undefined {
  return reply.kind === 'answer' ? newestKnownVersion('licence', [reply.text]) : undefined;
}

function parseVersions(text: string): readonly string[] | undefined {
  const list = member(parseJsonObject(text) ?? {}, 'apiVersions');
  if (!Array.isArray(list)) return undefined;
  return list.filter((version): version is string => typeof version === 'string');
}

/** A VM of the classic deployment model has no `compute`. */
function parseInstance(text: string): JsonObject | undefined {
  const object = parseJsonObject(text) ?? {};
  const isInstance = ['compute', 'network'].some((name) => objectMember(object, name) !== undefined);
  return isInstance ? object : undefined;
}

function parseDocument(text: string): string | undefined {
  const object = parseJsonObject(text) ?? {};
  return object['encoding'] === 'pkcs7' ? textMember(object, 'signature', MAX_SIGNATURE) : undefined;
}

function hasNonce(signature: string, nonce: string): boolean {
  return Buffer.from(signature, 'base64').includes(nonce, 0, 'latin1');
}
