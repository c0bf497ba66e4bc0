import { setTimeout as pauseFor } from 'node:timers/promises';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { RequestStore } from '../../http/requestStore.ts';
import type { Log } from '../../http/edge.ts';
import { RequestError } from '../../http/requestError.ts';
import { MAX_REQUEST } from '../../http/answerOnce.ts';

/** The row that whoever runs has written. */
const TURN = { operator: 'all', route: 'files of offers and licences', key: 'one at a time' } as const;

/** For some seconds a request waits for its turn; small files take less. */
const PAUSE = 500;
const TRIES = 40;

export interface AloneOptions {
  readonly store: RequestStore;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * One file at a time, on all instances: what one request takes back, because it failed, may be what another found there
 * and reported as unchanged. The turn of a process that ended in the middle ends after a while.
 *
 * @throws {RequestError} `busy` where another file is being applied for long
 * @throws {StoreUnavailableError}
 */
export async function runAlone<T>(options: AloneOptions, run: () => Promise<T>): Promise<T> {
  const version = await takeTurn(options);
  try {
    return await run();
  } finally {
    await giveTurn(options, version);
  }
}

async function takeTurn({ store, now, pause = pauseFor }: AloneOptions): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const held = await store.readRequest(TURN);
    if (held === null || now() - held.value.at >= MAX_REQUEST) {
      const written = await store.writeRequest({ ...TURN, digest: '', at: now(), answer: null }, held?.version ?? null);
      if (written.outcome === 'written') return written.version;
    }
    if (tries === TRIES) throw new RequestError('busy', 'Another file is being applied. Retry in a minute.', 60);
    await pause(PAUSE);
  }
}

async function giveTurn({ store, log }: AloneOptions, version: string): Promise<void> {
  try {
    await store.deleteRequest(TURN, version);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('warn', 'turn_not_given', { reason: error.message });
  }
}
