import { createRemoteJWKSet, errors } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

/** The directory's keys cannot be had: no token can be judged, good or bad. */
export class OperatorKeySetError extends Error {
  override readonly name = 'OperatorKeySetError';
}

/** Milliseconds for one request; an operator waits for it. */
const TIMEOUT = 5_000;

/** Of the token, and not of the set: no key is called so, or more than one could be meant. */
const TOKEN_FAULTS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/**
 * The key set of the operators' directory, fetched when it is first needed, kept for ten minutes, and asked for again at
 * most every 30 seconds where a token names a key that is not in it.
 *
 * @throws {OperatorKeySetError} from the function, where the set cannot be fetched or read
 */
export function createOperatorKeySet(url: string): JWTVerifyGetKey {
  const keySet = createRemoteJWKSet(new URL(url), { timeoutDuration: TIMEOUT });
  return async (header, token) => {
    try {
      return await keySet(header, token);
    } catch (error) {
      if (TOKEN_FAULTS.some((type) => error instanceof type)) throw error;
      const reason = error instanceof errors.JOSEError ? error.code : 'no answer';
      throw new OperatorKeySetError(`The key set of the operators’ directory cannot be read: ${reason}.`);
    }
  };
}
