import { formatInstant } from '../contract/instants.ts';
import type { Clocks } from './adapters.ts';
import { REAL_ADAPTERS } from './adapters/real.ts';
import { resultOf } from './answer.ts';
import type { Answer, Finding, Result } from './answer.ts';
import { checkLicence as findOut } from './check/check.ts';
import { refused, releaseSeat } from './check/release.ts';
import type { Release } from './check/release.ts';
import { MetadataReader } from './check/metadata.ts';
import type { InstanceMetadata, ReadRequest, ScheduledEvents } from './check/metadata.ts';
import { Run, Stopped } from './run.ts';
import type { RunRequest } from './run.ts';
import { readStatus } from './check/status.ts';
import { ClientError } from './clientError.ts';
import type { ClientCode } from './clientError.ts';
import type { ClientOptions } from './options.ts';
import { failureOf } from './service/persist.ts';
import { openOrExplain } from './session.ts';
import type { Session } from './session.ts';
import { Rhythm } from './watch/rhythm.ts';
import { differencesOf, waitUntil } from './watch/wait.ts';

export interface CheckRequest {
  /** Renews the licence although it is not due. */
  readonly renew?: boolean;
}

export interface WatchRequest {
  /** Ends the watch, and a check that is running. */
  readonly signal?: AbortSignal;
}

/** What is known without asking anybody. */
export type Status = Answer & {
  /** Whose keys count; absent where the options do not say. `first-use`: whoever can write the folder can forge any licence. */
  readonly trust?: 'rootKeys' | 'keySet' | 'first-use';
};

/**
 * A client for one product in one folder. What can go wrong in the world rejects `metadata` and `scheduledEvents`, with a
 * {@link ClientError}, and no other method.
 */
export interface LicenceClient {
  /** Whether this VM is licensed now: by the licence in hand while that is current, else by a new one. */
  readonly check: (request?: CheckRequest) => Promise<Answer>;
  /** Checks for as long as it is iterated: the first answer at once, then each that differs from the last. */
  readonly watch: (request?: WatchRequest) => AsyncGenerator<Answer, void, undefined>;
  /** Gives the seat back, as when the VM is about to be deleted. */
  readonly release: () => Promise<Release>;
  /** What was last known. Uses no network and writes nothing. */
  readonly status: () => Promise<Status>;
  /** What IMDS says of this VM, typed. Needs neither folder nor service. @throws {ClientError} */
  readonly metadata: (request?: ReadRequest) => Promise<InstanceMetadata>;
  /**
   * What Azure is going to do to VMs. The first request ever of a VM can take two minutes, because Azure then begins to
   * announce events to it. @throws {ClientError}
   */
  readonly scheduledEvents: (request?: ReadRequest) => Promise<ScheduledEvents>;
}

export interface ChecksRequest extends CheckRequest, WatchRequest {
  /** Renews a licence at a random time after it is due, as a fleet must. */
  readonly spread?: boolean;
  /** Checks at once when the machine has been suspended, or its clock was set. */
  readonly watchful?: boolean;
}

/** Creates a client. Wrong options are not thrown here: every method answers with them. */
export function createLicenceClient(options: ClientOptions): LicenceClient {
  const client = new Client(openOrExplain(options));
  return {
    check: (request) => client.check(request),
    watch: (request) => client.watch(request),
    release: () => client.release(),
    status: () => client.status(),
    metadata: (request) => client.metadata(request),
    scheduledEvents: (request) => client.scheduledEvents(request),
  };
}

/** One check by a client that is made for it: for boot gates and scheduled tasks. */
export function checkLicence(options: ClientOptions): Promise<Answer> {
  return createLicenceClient(options).check();
}

/** What programs see of a client, and for the agent each of its checks. */
export class Client implements LicenceClient {
  readonly #session: Session | ClientError;
  readonly #clocks: Clocks;
  readonly #rhythm: Rhythm;
  readonly #metadata: MetadataReader | ClientError;
  #last: Answer | undefined;
  /** One thing at a time: the next one begins when this has ended. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(session: Session | ClientError) {
    const { clocks, random } = session instanceof ClientError ? REAL_ADAPTERS : session.settings.adapters;
    this.#session = session;
    this.#metadata = session instanceof ClientError ? session : new MetadataReader(session);
    this.#clocks = clocks;
    this.#rhythm = new Rhythm(random);
  }

  check({ renew = false }: CheckRequest = {}): Promise<Answer> {
    return this.#enqueue(() => this.#check({ renew }));
  }

  async *watch({ signal }: WatchRequest = {}): AsyncGenerator<Answer, void, undefined> {
    let shown: Answer | undefined;
    for await (const answer of this.checks({ spread: true, ...(signal === undefined ? {} : { signal }) })) {
      if (shown === undefined || isChange(shown, answer)) yield answer;
      shown = answer;
    }
  }

  /** Checks for as long as it is iterated, and yields every answer. `renew` is for the first check alone. */
  async *checks(asked: ChecksRequest): AsyncGenerator<Answer, void, undefined> {
    const { renew = false, signal, spread = false, watchful = false } = asked;
    for (let isFirst = true; signal?.aborted !== true; isFirst = false) {
      const patientWithService = isFirst || !this.#rhythm.isFailing;
      const request = {
        renew: isFirst && renew,
        patientWithService,
        spread,
        ...(signal === undefined ? {} : { signal }),
      };
      const before = watchful ? differencesOf(this.#clocks) : undefined;
      const answer = await this.#enqueue(() => this.#check(request)).catch(ignoreStopped);
      if (answer === undefined) return;
      const until = this.#clocks.uptime() + Date.parse(answer.nextCheckAt) - this.#clocks.now();
      yield answer;
      await waitUntil(this.#clocks, until, signal, before);
    }
  }

  release(): Promise<Release> {
    const session = this.#session;
    if (session instanceof ClientError) {
      return Promise.resolve(refused(failureOf(session)));
    }
    return this.#enqueue(() => releaseSeat(new Run(session, {})));
  }

  async status(): Promise<Status> {
    const session = this.#session;
    const finding = session instanceof ClientError ? failureWith(session) : await readStatus(new Run(session, {}));
    const result = resultOf(finding);
    const last = this.#last;
    // The folder does not tell one reason for having no licence from another; this client may know.
    const isKnown = last !== undefined && (last.state === result.state || NOTHING_KEPT.includes(result.code ?? ''));
    const answer = isKnown ? last : { ...result, ...this.#time(result, 0) };
    return session instanceof ClientError ? answer : { ...answer, trust: session.settings.trust.kind };
  }

  async metadata(request?: ReadRequest): Promise<InstanceMetadata> {
    return this.#reader().readInstance(request);
  }

  async scheduledEvents(request?: ReadRequest): Promise<ScheduledEvents> {
    return this.#reader().readEvents(request);
  }

  #reader(): MetadataReader {
    if (this.#metadata instanceof ClientError) throw this.#metadata;
    return this.#metadata;
  }

  #enqueue<Value>(action: () => Promise<Value>): Promise<Value> {
    const started = this.#queue.then(action, action);
    this.#queue = started.catch(() => undefined);
    return started;
  }

  async #check({ spread = false, ...request }: RunRequest & { readonly spread?: boolean }): Promise<Answer> {
    const finding = await this.#findOut(
      spread ? { ...request, dueAt: (claims) => this.#rhythm.dueAt(claims) } : request,
    );
    const result = resultOf(finding);
    const answer = { ...result, ...this.#time(result, this.#rhythm.next(finding)) };
    this.#last = answer;
    return answer;
  }

  async #findOut(request: RunRequest): Promise<Finding> {
    const session = this.#session;
    return session instanceof ClientError ? failureWith(session) : findOut(new Run(session, request));
  }

  #time({ state }: Result, pause: number): Pick<Answer, 'nextCheckAt' | 'since'> {
    const now = this.#clocks.now();
    const since = this.#last?.state === state ? this.#last.since : formatInstant(now);
    return { nextCheckAt: formatInstant(Math.round(now + pause)), since };
  }
}

/** What the folder says where it holds nothing that counts. */
export const NOTHING_KEPT: readonly string[] = ['nothing_kept', 'not_renewed', 'cache_unusable'] satisfies ClientCode[];

function failureWith(error: ClientError): Finding {
  return { kind: 'failed', hand: undefined, failure: failureOf(error) };
}

/** Whether a program has to be told. */
export function isChange(shown: Answer, answer: Answer): boolean {
  const isSame = shown.state === answer.state && shown.code === answer.code;
  return !isSame || shown.licence?.token !== answer.licence?.token;
}

function ignoreStopped(error: unknown): undefined {
  if (!(error instanceof Stopped)) throw error;
}
