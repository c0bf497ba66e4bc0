import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CaseRequest } from './caseWorker.ts';
import type { CaseVerdict } from './judgeCase.ts';

const TIMED_OUT: CaseVerdict = { accepted: false, code: 'timed_out', detail: 'the case took too long' };

/**
 * Judges cases on a thread of their own, which is ended when one takes too long. The validator's own budgets keep it far
 * below that; this holds for whatever they forget.
 */
export class BoundedJudge {
  readonly #limit: number;
  readonly #script: URL;
  #worker: Worker | null = null;

  /** @param limit milliseconds for one case */
  constructor(limit: number, script = new URL('./caseWorker.ts', import.meta.url)) {
    this.#limit = limit;
    this.#script = script;
  }

  /** @throws whatever the thread failed with; the next case gets a new one */
  async judge(request: CaseRequest): Promise<CaseVerdict> {
    const worker = this.#worker ?? (await this.#start());
    const signal = AbortSignal.timeout(this.#limit);
    try {
      worker.postMessage(request);
      const [verdict] = (await once(worker, 'message', { signal })) as [CaseVerdict];
      return verdict;
    } catch (error) {
      await this.close();
      if (signal.aborted) return TIMED_OUT;
      throw error;
    }
  }

  /** Its loading does not count against the first case: it says when it is ready. */
  async #start(): Promise<Worker> {
    const worker = new Worker(this.#script);
    await once(worker, 'message');
    this.#worker = worker;
    return worker;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}
