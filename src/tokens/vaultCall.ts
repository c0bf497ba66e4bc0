import { setTimeout as pauseFor } from 'node:timers/promises';
import { SigningKeyUnavailableError } from './signer.ts';

/** How long one operation on the vault may take, in milliseconds. */
export interface VaultLimits {
  /** With all retries and the waits between them. */
  readonly budget: number;
  /** One try. The vault signs within some tens of milliseconds. */
  readonly attempt: number;
  /** This machine's unless given. */
  readonly clock?: VaultClock;
}

/** What the time of an operation is measured with, in milliseconds. */
export interface VaultClock {
  /** Never goes back. */
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
  /** A signal that is aborted after the time. */
  startLimit(milliseconds: number): AbortSignal;
}

const MACHINE_CLOCK: VaultClock = {
  now: () => performance.now(),
  sleep: (milliseconds) => pauseFor(milliseconds),
  startLimit: (milliseconds) => AbortSignal.timeout(milliseconds),
};

export const VAULT_LIMITS: VaultLimits = { budget: 5_000, attempt: 2_000 };

/** One operation on a vault: what it is called, and the setting that names its key. */
export interface VaultOperation {
  readonly name: string;
  readonly setting: 'SIGNING_KEY_URL' | 'ROOT_KEY_URL';
}

const MAX_ATTEMPTS = 4;
/** Milliseconds before the second try; twice as many before each further one. */
const FIRST_WAIT = 100;

/**
 * Calls the vault, again where another try may help: 408, 429 (after what `Retry-After` says), 5xx, no answer, half an
 * answer. All that is asked of the vault may be asked twice.
 *
 * @param run one try; it ends when the signal does, or is left behind
 * @throws {SigningKeyUnavailableError} for whatever goes wrong
 */
export async function callVault<T>(
  operation: VaultOperation,
  { budget, attempt, clock = MACHINE_CLOCK }: VaultLimits,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = clock.now() + budget;
  for (let tries = 1; ; tries += 1) {
    const left = Math.max(1, Math.ceil(end - clock.now()));
    try {
      return await withinTime(run, Math.min(attempt, left), clock);
    } catch (error) {
      const wait = waitBefore(error, tries);
      if (wait === null || clock.now() + wait >= end) throw unavailable(operation, error, tries);
      await clock.sleep(wait);
    }
  }
}

/** No answer within the time. */
class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** A credential may not know what a signal is, so the try is raced as well. */
async function withinTime<T>(
  run: (signal: AbortSignal) => Promise<T>,
  milliseconds: number,
  clock: VaultClock,
): Promise<T> {
  const signal = clock.startLimit(milliseconds);
  let giveUp = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    giveUp = () => {
      reject(new NoAnswerError(`no answer within ${milliseconds} ms`));
    };
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([run(signal), late]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Milliseconds, or null where another try is of no use. */
function waitBefore(error: unknown, tries: number): number | null {
  const { status, retryAfter } = readFailure(error);
  if (tries >= MAX_ATTEMPTS) return null;
  if (status !== null && !isPassing(status)) return null;
  // Half of it by chance: instances that were refused together do not come back together.
  const backOff = FIRST_WAIT * 2 ** (tries - 1) * (0.5 + Math.random() / 2);
  return Math.max(backOff, retryAfter ?? 0);
}

/** A success whose body cannot be read is half an answer. */
function isPassing(status: number): boolean {
  return status < 400 || status === 408 || status === 429 || status >= 500;
}

interface Failure {
  readonly status: number | null;
  readonly code: string | null;
  /** Milliseconds. */
  readonly retryAfter: number | null;
}

/** The library does not export the class of its errors, so their members are looked at. */
function readFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { status: null, code: null, retryAfter: null };
  const { statusCode, code, response } = error as Error & { statusCode?: unknown; code?: unknown; response?: unknown };
  return {
    status: typeof statusCode === 'number' ? statusCode : null,
    code: typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : null,
    retryAfter: readRetryAfter(response),
  };
}

/** RFC 9110 section 10.2.3, in seconds; the vault sends no date. */
function readRetryAfter(response: unknown): number | null {
  const headers = (response as { headers?: { get?: (name: string) => string | undefined } } | undefined)?.headers;
  const text = headers?.get?.('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null;
}

/** The error itself holds the request with its Authorization header, so nothing of it but its codes goes on. */
function unavailable({ name, setting }: VaultOperation, error: unknown, tries: number): SigningKeyUnavailableError {
  const { status, code } = readFailure(error);
  const answer = [code, status === null ? null : `HTTP ${status}`].filter((part) => part !== null).join(', ');
  const reason = answer === '' && error instanceof Error ? describeOwn(error) : answer;
  const times = tries === 1 ? '' : ` after ${tries} tries`;
  return new SigningKeyUnavailableError(`The vault did not ${name}${times}: ${reason}.${adviceFor(status, setting)}`);
}

/** Messages of others may quote what they were given. */
function describeOwn(error: Error): string {
  return error instanceof NoAnswerError || error instanceof SigningKeyUnavailableError ? error.message : error.name;
}

function adviceFor(status: number | null, setting: string): string {
  if (status === 404) return ` Look at ${setting}: there is no such key.`;
  if (status !== 401 && status !== 403) return '';
  return ' Give the identity the role Key Vault Crypto User on the key, and see whether the version is enabled.';
}
