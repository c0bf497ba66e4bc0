import type { Clocks, ImdsReply, RequestImds } from '../adapters.ts';
import { NO_IMDS_TIMES } from '../folder/lockRecord.ts';
import type { Chassis } from '../imds/chassis.ts';
import { Pace } from '../imds/pace.ts';
import { TROUBLES, judgeReply } from './trouble.ts';
import type { Judgement, Trouble } from './trouble.ts';

/** Milliseconds, all of them. */
const FIRST_TIMEOUT = 2000;
const MAX_TIMEOUT = 8000;
const FIRST_PAUSE = 250;
const MAX_PAUSE = 4000;
/** For all questions together, where nothing else is said. */
const BUDGET = 120_000;
/** For hardware that is not Azure's, while nothing answers. */
const FOREIGN_PATIENCE = 2900;

export interface Question<Value> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** @returns undefined where it is not what IMDS answers */
  readonly parse: (text: string) => Value | undefined;
}

/** What asking takes of the machine. */
export interface AskingWorld {
  readonly requestImds: RequestImds;
  readonly clocks: Pick<Clocks, 'monotonic' | 'uptime' | 'bootId' | 'sleep'>;
}

interface AskingOptions {
  readonly chassis: Chassis;
  /** Each question is asked once. */
  readonly once?: boolean;
  /** Milliseconds for all questions together. */
  readonly budget?: number;
  /**
   * Another process of this machine may have asked just now. Five requests a second are for all of them, so the first
   * question waits until that second is over.
   */
  readonly afterOthers?: boolean;
}

/** A question and how it went. */
export interface Answer<Value> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly judgement: Judgement<Value>;
  /** The last one. */
  readonly reply: ImdsReply;
  readonly tries: number;
  /** What was wrong before, each once, in the order in which it was met. */
  readonly earlier: readonly Trouble[];
  /** Of the last request. */
  readonly milliseconds: number;
}

/**
 * Asks IMDS as the client does: no proxy, `Metadata: true`, no redirects, at most five requests a second. What passes by
 * itself is asked again until its patience is over.
 */
export class Asker {
  readonly #world: AskingWorld;
  readonly #url: string;
  readonly #isForeign: boolean;
  readonly #once: boolean;
  readonly #budget: number;
  readonly #pace: Pace;
  readonly #startedAt: number;
  #timeout = FIRST_TIMEOUT;
  #hasAnswered = false;

  constructor(world: AskingWorld, url: string, options: AskingOptions) {
    const { chassis, once = false, budget = BUDGET, afterOthers = false } = options;
    const { clocks } = world;
    this.#once = once;
    this.#budget = budget;
    this.#world = world;
    this.#url = url;
    this.#isForeign = chassis === 'foreign';
    this.#pace = new Pace({ clocks, pause: clocks.sleep }, afterOthers ? undefined : NO_IMDS_TIMES);
    this.#startedAt = clocks.monotonic();
  }

  async ask<Value>(question: Question<Value>): Promise<Answer<Value>> {
    const { clocks } = this.#world;
    const { path, query } = question;
    const begun = clocks.monotonic();
    const earlier = new Set<Trouble>();
    let pause = FIRST_PAUSE;
    for (let tries = 1; ; tries++) {
      const { reply, milliseconds } = await this.#request(question);
      const judgement = judgeReply(reply, question.parse);
      const trouble = judgement.kind === 'trouble' ? judgement.trouble : null;
      const end = trouble === null ? 0 : this.#endOf(trouble, begun);
      if (trouble === null || clocks.monotonic() + pause >= end) {
        return { path, query, judgement, reply, tries, earlier: [...earlier], milliseconds };
      }
      earlier.add(trouble);
      await clocks.sleep(pause);
      pause = Math.min(pause * 2, MAX_PAUSE);
    }
  }

  async #request({ path, query }: Question<unknown>): Promise<{ reply: ImdsReply; milliseconds: number }> {
    await this.#pace.turn();
    const { clocks, requestImds } = this.#world;
    const begun = clocks.monotonic();
    const parameters = new URLSearchParams(query).toString();
    const url = `${this.#url}${path}${parameters === '' ? '' : `?${parameters}`}`;
    const reply = await requestImds({ url, timeoutMs: this.#nextTimeout(begun) });
    if (reply.kind === 'silent') this.#timeout = Math.min(this.#timeout * 2, MAX_TIMEOUT);
    if (reply.kind === 'answer' || reply.kind === 'cut') this.#hasAnswered = true;
    return { reply, milliseconds: Math.round(clocks.monotonic() - begun) };
  }

  /** When a trouble is not waited for any longer. */
  #endOf(trouble: Trouble, begun: number): number {
    return Math.min(begun + (this.#once ? 0 : TROUBLES[trouble].patience), this.#end);
  }

  #nextTimeout(now: number): number {
    return Math.max(1, Math.min(this.#timeout, this.#end - now));
  }

  get #end(): number {
    const isElsewhere = this.#isForeign && !this.#hasAnswered;
    return this.#startedAt + (isElsewhere ? FOREIGN_PATIENCE : this.#budget);
  }
}
