import { readBounded } from '../../contract/readBounded.ts';
import { createLocalJWKSet, errors } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { formatInstant } from '../../contract/instants.ts';
import type { Log } from '../../http/edge.ts';
import { KEY_SET_PAUSE, OperatorKeySetError } from './operatorKeySetError.ts';

const MINUTE = 60_000;

/** Octets: the key set of a directory has some kilobytes. */
const MAX_KEY_SET = 256 * 1024;
/** Milliseconds for one request; an operator waits for it. */
const TIMEOUT = 5_000;

/** Milliseconds for which a set is used without a question. */
const FRESH = 10 * MINUTE;

/** Milliseconds for which its keys are used where they cannot be read anew: an outage of its shuts no operator out. */
const MAX_KEPT = 24 * 60 * MINUTE;

/** Of the token, and not of the set: no key is called so, or more than one could be meant. */
const TOKEN_FAULTS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/**
 * The key set of the operators' directory as of a time, in milliseconds since the epoch.
 *
 * @throws {OperatorKeySetError} from the function that it returns
 */
export type OperatorKeySet = (at: number, log: Log) => JWTVerifyGetKey;

interface KnownKeys {
  readonly find: JWTVerifyGetKey;
  readonly readAt: number;
}

/**
 * Keeps the directory's key set, fetched when it is first needed. Of jose it has the finding of keys and not the fetching:
 * that pauses after an answer alone, so that each bad token asks a directory which does not answer, and it forgets good
 * keys when they cannot be refreshed.
 */
export function createOperatorKeySet(url: string): OperatorKeySet {
  let known: KnownKeys | null = null;
  let trouble: string | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | null = null;

  const ask = async (at: number, log: Log): Promise<void> => {
    try {
      known = { find: createLocalJWKSet(await fetchKeySet(url)), readAt: at };
      trouble = null;
    } catch (error) {
      trouble = describe(error);
      const keysOf = known === null ? null : formatInstant(known.readAt);
      log('warn', 'operator_keys_not_refreshed', { reason: trouble, keysOf });
    }
  };
  /** Requests that come while an answer is on its way share it. */
  const refresh = async (at: number, log: Log): Promise<void> => {
    if (pending === null && Math.abs(at - askedAt) >= KEY_SET_PAUSE * 1_000) {
      askedAt = at;
      pending = ask(at, log).finally(() => (pending = null));
    }
    await pending;
  };
  const find = (at: number, ...named: Parameters<JWTVerifyGetKey>): ReturnType<JWTVerifyGetKey> => {
    if (known === null || ageOf(known, at) >= MAX_KEPT) throw unreadable(trouble);
    return known.find(...named);
  };
  return (at, log) =>
    async (...named) => {
      if (ageOf(known, at) >= FRESH) await refresh(at, log);
      try {
        return await find(at, ...named);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw blame(error);
      }
      // The directory may have a new key; where it cannot be asked, nobody knows.
      await refresh(at, log);
      if (trouble !== null) throw unreadable(trouble);
      return find(at, ...named);
    };
}

/** A clock that was set back makes keys old, not young. */
function ageOf(keys: KnownKeys | null, at: number): number {
  return keys === null ? Number.POSITIVE_INFINITY : Math.abs(at - keys.readAt);
}

async function fetchKeySet(url: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(TIMEOUT);
  const response = await fetch(url, { redirect: 'error', headers: { Accept: 'application/json' }, signal });
  if (!response.ok) throw new OperatorKeySetError(`HTTP ${response.status}`);
  const octets = response.body === null ? null : await readBounded(response.body, MAX_KEY_SET);
  if (octets === null) throw new OperatorKeySetError('no body of a usable size');
  return JSON.parse(octets.toString('utf8')) as JSONWebKeySet;
}

/** A name, or a message of our own: others may quote what they were given. */
function describe(error: unknown): string {
  if (error instanceof OperatorKeySetError) return error.message;
  if (error instanceof errors.JOSEError) return error.code;
  return error instanceof Error ? error.name : 'no answer';
}

function unreadable(reason: string | null): OperatorKeySetError {
  return new OperatorKeySetError(`The key set of the operators’ directory cannot be read: ${reason ?? 'too old'}.`);
}

/** Whether the token is at fault, or the set with a key in it that cannot be used. */
function blame(error: unknown): unknown {
  const isOfToken = error instanceof OperatorKeySetError || TOKEN_FAULTS.some((type) => error instanceof type);
  return isOfToken ? error : unreadable(describe(error));
}
