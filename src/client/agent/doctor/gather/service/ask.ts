import { VM_ENDPOINTS } from '../../../../../contract/endpoints.ts';
import { formatInstant } from '../../../../../contract/instants.ts';
import { replaceUnprintable } from '../../../../../contract/plainText.ts';
import { readBounded } from '../../../../../contract/readBounded.ts';
import { ClientError, systemErrorCode } from '../../../../clientError.ts';
import { parseJsonObject, textMember } from '../../../../members.ts';
import type { Settings } from '../../../../options.ts';
import { readProblem } from '../../../../service/problem.ts';
import { readUnsignedKeySet } from '../../../../trust/keySet.ts';
import { verifySignedKeySet } from '../../../../trust/signedKeySet.ts';
import { withoutTokens } from '../../withoutTokens.ts';
import { NO_ANSWER } from './reach.ts';

/** One answer of the service, or of whatever answered in its place. */
export interface ServiceReply {
  /** Path and query. */
  readonly asked: string;
  /** The system's code where there was no answer. */
  readonly failed: string | null;
  readonly status: number | null;
  readonly mediaType: string;
  /** The code of the service's own problem document. */
  readonly problem: string | null;
  /** Where a redirect leads, without its query. */
  readonly location: string | null;
  /** The beginning of an answer that is not the service's. */
  readonly excerpt: string | null;
  /** The issuer that the discovery document names. */
  readonly issuer: string | null;
  /** Of a key set: null where it can be used under the option `trust`, or was not had. */
  readonly keySetFault: string | null;
  /** What the header `Date` says, and this machine's clock at the same time. RFC 3339. */
  readonly date: string | null;
  readonly clock: string;
}

/** Milliseconds. */
const TIMEOUT = 6000;
/** Octets. */
const MAX_ANSWER = 64 * 1024;
/** Characters. */
const MAX_EXCERPT = 200;
const MAX_LOCATION = 300;
const MAX_ISSUER = 256;
const ACCEPT = 'application/json, application/jwk-set+jwt, application/problem+json';

/** The discovery document, and key sets in the order of the client. Nothing that the service keeps is asked for. */
export async function askService(settings: Settings): Promise<readonly ServiceReply[]> {
  const discovery = await ask(settings, VM_ENDPOINTS.readDiscovery.path, readDiscovery);
  if (discovery.failed !== null) return [discovery];
  const { trust } = settings;
  if (trust.kind !== 'rootKeys') return [discovery, await ask(settings, VM_ENDPOINTS.readKeySet.path, readPublic)];
  const replies = [discovery];
  for (const root of trust.rootKeys) {
    const reply = await ask(settings, `${VM_ENDPOINTS.readSignedKeySet.path}?root=${root}`, readSigned);
    replies.push(reply);
    if (reply.status !== 404) break;
  }
  return replies;
}

/** @returns undefined where the text is not what was asked for */
type Read = (text: string, settings: Settings) => Partial<Pick<ServiceReply, 'issuer' | 'keySetFault'>> | undefined;

const readDiscovery: Read = (text) => {
  const issuer = textMember(parseJsonObject(text) ?? {}, 'issuer', MAX_ISSUER);
  return issuer === undefined ? undefined : { issuer: printable(issuer) };
};

const readPublic: Read = (text, { trust }) => {
  const object = parseJsonObject(text);
  if (object === undefined) return undefined;
  return judgeKeySet(() => {
    const { keys } = readUnsignedKeySet(object);
    const isKnown = trust.kind !== 'keySet' || [...keys.keys()].some((name) => trust.keySet.keys.has(name));
    if (!isKnown) throw new ClientError('shipped_key_set_outdated');
  });
};

const readSigned: Read = (text, { issuer, trust }) => {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) || trust.kind !== 'rootKeys') return undefined;
  return judgeKeySet(() => {
    const { signed } = verifySignedKeySet(text, { issuer, rootKeys: trust.rootKeys });
    if (signed !== undefined && signed.exp * 1000 <= Date.now()) throw new ClientError('key_set_ended');
  });
};

function judgeKeySet(verify: () => void): { readonly keySetFault: string | null } {
  try {
    verify();
    return { keySetFault: null };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { keySetFault: error.detail === undefined ? error.code : `${error.code} (${error.detail})` };
  }
}

const NOTHING = {
  ...{ failed: null, status: null, mediaType: '', problem: null, location: null, excerpt: null },
  ...{ issuer: null, keySetFault: null, date: null },
};

async function ask(settings: Settings, asked: string, read: Read): Promise<ServiceReply> {
  const signal = AbortSignal.timeout(TIMEOUT);
  const init = { method: 'GET', headers: { accept: ACCEPT }, redirect: 'manual', signal } as const;
  try {
    const response = await settings.adapters.fetch(settings.issuer + asked, init);
    const octets = response.body === null ? Buffer.alloc(0) : await readBounded(response.body, MAX_ANSWER);
    const text = octets === null ? '' : octets.toString('utf8');
    return { ...NOTHING, asked, ...describeHead(response), ...describeBody(response, text, settings, read) };
  } catch (error) {
    const failed = signal.aborted ? NO_ANSWER : (systemErrorCode(error) ?? 'EUNKNOWN');
    return { ...NOTHING, asked, failed, clock: formatInstant(Date.now()) };
  }
}

function describeHead({ status, headers }: Response) {
  const date = Date.parse(headers.get('date') ?? '');
  return {
    ...{ status, mediaType: mediaTypeOf(headers), location: readLocation(headers) },
    ...{ date: Number.isNaN(date) ? null : formatInstant(date), clock: formatInstant(Date.now()) },
  };
}

function mediaTypeOf(headers: Headers): string {
  return printable((headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase());
}

function readLocation(headers: Headers): string | null {
  const location = headers.get('location');
  return location === null ? null : printable(location.replace(/[?#].*/s, '')).slice(0, MAX_LOCATION);
}

function describeBody({ status, headers }: Response, text: string, settings: Settings, read: Read) {
  const problem = readProblem({ status, mediaType: mediaTypeOf(headers), text });
  const isOwnProblem = problem?.correlationId !== undefined;
  const found = status === 200 ? read(text, settings) : undefined;
  return {
    problem: isOwnProblem ? problem.code : null,
    ...(found ?? {}),
    excerpt: found === undefined && !isOwnProblem ? excerptOf(text) : null,
  };
}

/** Something else than the service wrote it. */
function excerptOf(text: string): string {
  return printable(withoutTokens(text).replace(/\s+/g, ' ')).trim().slice(0, MAX_EXCERPT);
}

function printable(text: string): string {
  return replaceUnprintable(text, () => '?');
}
