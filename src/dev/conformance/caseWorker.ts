import { parentPort } from 'node:worker_threads';
import { judgeCase } from './judgeCase.ts';
import type { LimboCase } from './limboSuite.ts';

/** One case for the worker's thread; `now` in milliseconds since the epoch. */
export interface CaseRequest {
  readonly limboCase: LimboCase;
  readonly now: number;
}

/** Said once, when the worker can take cases. */
export const READY = 'ready';

parentPort?.on('message', ({ limboCase, now }: CaseRequest) => {
  parentPort?.postMessage(judgeCase(limboCase, now));
});
parentPort?.postMessage(READY);
