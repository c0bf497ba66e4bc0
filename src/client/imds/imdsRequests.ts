import type { ImdsReply, ImdsRequest } from '../adapters.ts';
import { ClientError } from '../clientError.ts';
import type { Run } from '../run.ts';
import type { Chassis } from './chassis.ts';
import { EarlyRequest } from './earlyRequest.ts';
import { newestKnownVersion } from './versions.ts';
import type { Purpose } from './versions.ts';

/** The link-local address of IMDS, the same in every cloud of Azure. */
export const IMDS_URL = 'http://169.254.169.254';
/** Milliseconds. */
const FIRST_TIMEOUT = 2000;
const MAX_TIMEOUT = 30_000;
const FIRST_PAUSE = 250;
const MAX_PAUSE = 10_000;
/** On foreign hardware IMDS is given up after this time. One slow answer still fits in. */
const FOREIGN_PATIENCE = 2900;

/** What is known of this machine before IMDS has said anything. */
export interface Surroundings {
  readonly chassis: Chassis;
  /** Whether a licence in hand counts. */
  readonly hasLicence: boolean;
}

/** Why there is no usable answer yet. `odd`: an answer, and not one that IMDS gives. */
type Trouble = 'absent' | 'silent' | 'busy' | 'odd';

type Verdict<Value> =
  | { readonly kind: 'usable'; readonly value: Value }
  /** The api-version was refused; the text may name others. */
  | { readonly kind: 'version'; readonly text: string }
  | { readonly kind: Trouble };

export interface Item<Value> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** @returns undefined where it is no answer of IMDS */
  readonly parse: (text: string) => Value | undefined;
}

/** What is asked for, then what is asked for instead after one odd answer. */
export type Items<Value> = readonly [Item<Value>, Item<Value>?];

const VERSIONS: Item<string> = { path: '/metadata/versions', query: {}, parse: (text) => text };

/**
 * Requests to the Instance Metadata Service of the VM that this program runs on (Azure Instance Metadata Service, "Errors
 * and debugging").
 */
export class ImdsRequests {
  readonly #run: Run;
  readonly #surroundings: Surroundings;
  readonly #purpose: Purpose;
  readonly #startedAt: number;
  #timeout = FIRST_TIMEOUT;
  #answered = false;

  constructor(run: Run, surroundings: Surroundings, purpose: Purpose) {
    this.#run = run;
    this.#surroundings = surroundings;
    this.#purpose = purpose;
    this.#startedAt = run.clocks.monotonic();
  }

  /** What IMDS is asked with. */
  get apiVersion(): string {
    return this.#run.session.memory.apiVersions[this.#purpose];
  }

  /** @throws {ClientError} `not_in_azure`, `imds_not_answering`, `imds_answer_unusable` */
  async read<Value>(items: Items<Value>): Promise<Value> {
    const first = await this.#persist(items);
    if (first.kind === 'usable') return first.value;
    await this.#fallBackToKnownVersion(first.text);
    const second = await this.#persist(items);
    if (second.kind === 'usable') return second.value;
    throw new ClientError('imds_answer_unusable', 'api-version');
  }

  async #fallBackToKnownVersion(refusal: string): Promise<void> {
    const listed = await this.#persist([VERSIONS], false);
    const texts = [refusal, listed.kind === 'usable' ? listed.value : listed.text];
    const version = newestKnownVersion(this.#purpose, texts);
    if (version === undefined) throw new ClientError('imds_answer_unusable', 'api-version');
    this.#run.session.memory.apiVersions[this.#purpose] = version;
  }

  /** Asks until there is an answer that IMDS gives, or no time left. One odd answer is forgiven. */
  async #persist<Value>(
    items: Items<Value>,
    versioned = true,
  ): Promise<Extract<Verdict<Value>, { kind: 'usable' | 'version' }>> {
    let ceiling = FIRST_PAUSE;
    for (let odd = 0; ;) {
      const item = items[odd] ?? items[0];
      const verdict = await this.#ask(item, versioned ? this.apiVersion : undefined);
      if (verdict.kind === 'usable' || verdict.kind === 'version') return verdict;
      if (verdict.kind === 'odd') odd += 1;
      if (item !== (items[odd] ?? item)) continue;
      const pause = this.#draw(ceiling);
      if (odd > 1 || pause >= this.#timeLeft) throw this.#describe(verdict.kind);
      this.#run.report({ step: 'waiting', for: 'imds', milliseconds: Math.round(pause) });
      await this.#run.pause(pause);
      ceiling = Math.min(ceiling * 2, MAX_PAUSE);
    }
  }

  /** One request, whatever it comes to. @returns undefined where the answer is not one that IMDS gives */
  async readOnce<Value>(item: Item<Value>): Promise<Value | undefined> {
    const verdict = await this.#ask(item, this.apiVersion);
    return verdict.kind === 'usable' ? verdict.value : undefined;
  }

  async #ask<Value>({ path, query, parse }: Item<Value>, version: string | undefined): Promise<Verdict<Value>> {
    const url = urlOf(this.#run, { path, query }, version);
    const { early } = this.#run;
    this.#run.early = undefined;
    const reply = await (early?.take(url) ?? this.#send(url));
    this.#run.checkStopped();
    return this.#judge(reply, parse);
  }

  async #send(url: string): Promise<ImdsReply> {
    const { session, pace, lock } = this.#run;
    await pace?.turn();
    await lock?.renew();
    return session.settings.adapters.requestImds(requestOf(this.#run, url, this.#nextTimeout()));
  }

  /** An answer that took too long is given twice the time when it is asked for again. */
  #nextTimeout(): number {
    if (this.#mayBeElsewhere) return Math.max(1, this.#foreignTimeLeft);
    return this.#run.requestTime(this.#timeout);
  }

  #judge<Value>(reply: ImdsReply, parse: (text: string) => Value | undefined): Verdict<Value> {
    if (reply.kind === 'silent') this.#timeout = Math.min(this.#timeout * 2, MAX_TIMEOUT);
    if (reply.kind === 'refused' || reply.kind === 'no_route') return { kind: 'absent' };
    if (reply.kind === 'silent') return { kind: 'silent' };
    this.#answered = true;
    if (reply.kind === 'cut') return { kind: 'odd' };
    const { status, text } = reply;
    if (isVersionRefused(reply)) return { kind: 'version', text };
    // 404 and 410 are how IMDS answers while it starts or is updated.
    if (status === 404 || status === 410 || status === 429 || status >= 500) return { kind: 'busy' };
    const value = status === 200 ? parse(text) : undefined;
    return value === undefined ? { kind: 'odd' } : { kind: 'usable', value };
  }

  #draw(ceiling: number): number {
    return this.#run.session.settings.adapters.random() * ceiling;
  }

  get #timeLeft(): number {
    if (!this.#mayBeElsewhere) return this.#run.timeLeft;
    return this.#run.session.settings.once ? 0 : this.#foreignTimeLeft;
  }

  get #foreignTimeLeft(): number {
    return this.#startedAt + FOREIGN_PATIENCE - this.#run.clocks.monotonic();
  }

  /** Foreign hardware, and nothing that answers so far. An IMDS that answers is always asked, whatever the hardware. */
  get #mayBeElsewhere(): boolean {
    return this.#surroundings.chassis === 'foreign' && !this.#answered;
  }

  #describe(trouble: Trouble): ClientError {
    const { chassis, hasLicence } = this.#surroundings;
    if (trouble === 'odd') return new ClientError('imds_answer_unusable');
    const isElsewhere = chassis === 'unreadable' && !hasLicence && trouble === 'absent' && !this.#answered;
    return new ClientError(this.#mayBeElsewhere || isElsewhere ? 'not_in_azure' : 'imds_not_answering');
  }
}

/** Sends the request that a check is expected to begin with. */
export async function sendEarly(run: Run, item: Pick<Item<unknown>, 'path' | 'query'>, version: string): Promise<void> {
  await run.pace?.turn();
  const request = requestOf(run, urlOf(run, item, version), run.requestTime(FIRST_TIMEOUT));
  run.early = new EarlyRequest(run.session.settings.adapters.requestImds, request);
}

function requestOf({ request: { signal } }: Run, url: string, timeoutMs: number): ImdsRequest {
  return { url, timeoutMs, ...(signal === undefined ? {} : { signal }) };
}

function urlOf({ session }: Run, { path, query }: Pick<Item<unknown>, 'path' | 'query'>, version?: string): string {
  const parameters = formatQuery({ ...(version === undefined ? {} : { 'api-version': version }), ...query });
  return `${session.settings.imdsUrl ?? IMDS_URL}${path}${parameters === '' ? '' : `?${parameters}`}`;
}

function formatQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** 400 today; hosts of the first years answered 404 and said so in the text. */
function isVersionRefused({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return status === 400 || (status === 404 && /invalid version|newest-versions/i.test(text));
}
