import { setTimeout as pauseFor } from 'node:timers/promises';
import * as z from 'zod';
import { readBounded } from '../contract/readBounded.ts';

/** Where the platform gives tokens of the app's own identities: its variables IDENTITY_ENDPOINT and IDENTITY_HEADER. */
export interface TokenEndpoint {
  readonly url: string;
  /** A secret of this process: it shows the endpoint that the app itself asks. */
  readonly header: string;
}

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresOnTimestamp: number;
}

/** What Azure's libraries take as a credential. */
export interface PlatformIdentity {
  /**
   * @param scope a resource with `/.default` after it
   * @throws {PlatformIdentityError} the endpoint gives no token
   */
  getToken(scope: string | string[], options?: { readonly abortSignal?: AbortSignal }): Promise<AccessToken>;
}

/** The platform gives no token. The message says why, and quotes nothing. */
export class PlatformIdentityError extends Error {
  override readonly name = 'PlatformIdentityError';
}

export interface PlatformIdentityOptions extends TokenEndpoint {
  /** The user-assigned identity, where there is more than one. */
  readonly clientId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds before a second attempt; twice as many before a third one. */
  readonly pause?: number;
}

const API_VERSION = '2019-08-01';
/** Milliseconds before its end at which a token is asked for anew. */
const MARGIN = 5 * 60_000;
/** Milliseconds of one attempt. */
const TIMEOUT = 3_000;
const MAX_TRIES = 3;
const PAUSE = 200;
/** Octets: a token has some kilobytes. */
const MAX_ANSWER = 64 * 1024;

const answerSchema = z.object({
  access_token: z.string().regex(/^[!-~]+$/),
  /** Seconds since the epoch, as text. */
  expires_on: z.coerce.number().int().positive(),
});

/**
 * The app's identity by the platform's own endpoint, which App Service and Functions have. An identity library asks the same
 * question, and weighs as much as the whole service.
 */
export function createPlatformIdentity(options: PlatformIdentityOptions): PlatformIdentity {
  const known = new Map<string, AccessToken>();
  const pending = new Map<string, Promise<AccessToken>>();
  const ask = async (resource: string): Promise<AccessToken> => {
    const token = await askPatiently(options, resource);
    known.set(resource, token);
    return token;
  };
  return {
    getToken: (scope, { abortSignal } = {}) => {
      const resource = readResource(scope);
      const token = known.get(resource);
      if (token !== undefined && token.expiresOnTimestamp - options.now() > MARGIN) return Promise.resolve(token);
      // All who need one at the same time share the answer, so that no one of them can end the question.
      const asked = pending.get(resource) ?? ask(resource).finally(() => pending.delete(resource));
      pending.set(resource, asked);
      return abortSignal === undefined ? asked : Promise.race([asked, whenAborted(abortSignal)]);
    },
  };
}

function readResource(scope: string | string[]): string {
  const [only = '', ...more] = [scope].flat();
  if (more.length > 0 || !only.endsWith('/.default')) {
    throw new PlatformIdentityError('The platform gives tokens for one resource at a time: ask for RESOURCE/.default.');
  }
  return only.slice(0, -'/.default'.length);
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    const end = () => {
      fail(new PlatformIdentityError('The platform gave no token in time.'));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** The endpoint may be busy, or not up yet when the app is. */
async function askPatiently(options: PlatformIdentityOptions, resource: string): Promise<AccessToken> {
  const { pause = PAUSE } = options;
  for (let tries = 1; ; tries += 1) {
    const answer = await askOnce(options, resource);
    if (typeof answer !== 'string') return answer;
    if (tries === MAX_TRIES) {
      throw new PlatformIdentityError(`The platform gave no token in ${MAX_TRIES} tries: ${answer}.`);
    }
    await pauseFor(pause * tries);
  }
}

/** @returns why there is no token, where another attempt may have one */
async function askOnce(
  { url, header, clientId }: PlatformIdentityOptions,
  resource: string,
): Promise<AccessToken | string> {
  const question = new URL(url);
  question.searchParams.set('api-version', API_VERSION);
  question.searchParams.set('resource', resource);
  if (clientId !== undefined) question.searchParams.set('client_id', clientId);
  let status: number;
  let octets: Buffer | null;
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(question, { headers: { 'X-IDENTITY-HEADER': header }, redirect: 'error', signal });
    status = response.status;
    octets = response.body === null ? null : await readBounded(response.body, MAX_ANSWER);
  } catch (error) {
    return error instanceof Error ? error.name : 'no answer';
  }
  if (status === 200) return readAnswer(octets);
  // What it refuses it will refuse again: there is no such identity, or it is not this app's.
  if (status >= 400 && status < 500 && ![404, 408, 410, 429].includes(status)) {
    throw new PlatformIdentityError(`The platform gave no token (HTTP ${status}). Look at the app's identity.`);
  }
  return `HTTP ${status}`;
}

function readAnswer(octets: Buffer | null): AccessToken | string {
  const parsed = answerSchema.safeParse(parseJson(octets?.toString('utf8') ?? ''));
  if (!parsed.success) return 'an answer without a token';
  const { access_token: token, expires_on: seconds } = parsed.data;
  return { token, expiresOnTimestamp: seconds * 1_000 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
