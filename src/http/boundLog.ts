import { AsyncLocalStorage } from 'node:async_hooks';
import { formatInstant } from '../contract/instants.ts';
import { escapeUnits, replaceUnprintable } from '../contract/plainText.ts';
import { nameAddress, readClientAddress } from './addressLimit.ts';
import type { AddressLimitNeeds } from './addressLimit.ts';
import type { EdgeRequest, Log, UseCase } from './edge.ts';
import type { HideIds } from './hideIds.ts';
import { RateLimit } from './rateLimit.ts';
import type { Rate } from './rateLimit.ts';

/** What a request can write without evidence that is authentic, and without an access token. */
const STRANGERS_EVENTS = ['request_refused', 'evidence_refused', 'request_failed', 'trust_not_refreshed'];

/** Lines of such events. What is decided about a VM, and what operators do, is always written. */
const LINES_OF_ADDRESS: Rate = { perSecond: 0.5, burst: 30, longestQueue: 0 };
const LINES_OF_INSTANCE: Rate = { perSecond: 5, burst: 300, longestQueue: 0 };

/** Milliseconds from the first refusal that is counted to the line that tells how many there were. */
const INTERVAL = 60_000;

/** Addresses that are told apart while refusals are counted. */
const MAX_ADDRESSES = 1_000;

/** What a request waited for, in milliseconds; calls at the same time count once. */
class Waiting {
  #calls = 0;
  #since = 0;
  #total = 0;

  /** What the call does before it waits counts too. */
  during(call: () => unknown): unknown {
    if (this.#calls === 0) this.#since = performance.now();
    this.#calls += 1;
    const answer = call();
    if (answer instanceof Promise)
      return answer.finally(() => {
        this.#end();
      });
    this.#end();
    return answer;
  }

  #end(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#total += performance.now() - this.#since;
  }

  get milliseconds(): number {
    return Math.round(this.#total);
  }
}

export type WaitedFor = 'store' | 'signer';

const waitings = new AsyncLocalStorage<Readonly<Record<WaitedFor, Waiting>>>();

/** Decisions, and what could not be decided: their lines tell how long it took. */
const TIMED_EVENTS = ['licence_issued', 'licence_refused', 'seat_released', 'evidence_refused', 'request_failed'];

/**
 * The same port. What a request waits for its asynchronous methods is told by the request's line.
 *
 * @param inner the method whose answer is such a port too
 */
export function timePort<T extends object>(kind: WaitedFor, port: T, inner?: keyof T): T {
  const timed = new Map<string | symbol, unknown>();
  const time = (name: string | symbol, method: (...given: unknown[]) => unknown) => {
    const isInner = name === inner;
    return (...given: unknown[]): unknown => {
      const call = (): unknown => Reflect.apply(method, port, given);
      const waiting = waitings.getStore()?.[kind];
      if (waiting === undefined) return call();
      const answer = waiting.during(call);
      return isInner ? (answer as Promise<object>).then((found) => timePort(kind, found)) : answer;
    };
  };
  return new Proxy(port, {
    get: (_, name) => {
      const member: unknown = Reflect.get(port, name, port);
      if (typeof member !== 'function') return member;
      if (!timed.has(name)) timed.set(name, time(name, member as (...given: unknown[]) => unknown));
      return timed.get(name);
    },
  });
}

export interface LogOptions extends Pick<AddressLimitNeeds, 'trustedProxies' | 'now'> {
  /** Null or absent where ids are written as they are. */
  readonly hideIds?: HideIds | null;
}

/** The same log, with every text in its lines cut and escaped, and ids hashed where they are to be. */
export function boundLines(log: Log, hideIds: HideIds | null = null): Log {
  return (level, event, facts) => {
    log(level, event, boundFacts(facts, hideIds));
  };
}

/**
 * Bounds what strangers can write to the log of this instance. Refusals for load are never a line each, and others are
 * while there are few of them: 30 a minute of one address and 300 of all. The rest is counted by its code. The first
 * request after a minute tells how many there were, and from how many addresses, in one line: `refusals_counted`.
 *
 * Texts in all lines are cut and escaped. Lines of decisions have `ms`, from the request to the line, and of that
 * `storeMs` and `signerMs`.
 *
 * @returns what every use case of the instance is wrapped in
 */
export function createLogBounds(needs: LogOptions): (useCase: UseCase) => UseCase {
  const limit = new RateLimit();
  const counted = new CountedRefusals();
  const hasLine = (address: string, at: number) =>
    limit.take(
      [
        { kind: 'address', name: address, rate: LINES_OF_ADDRESS },
        { kind: 'instance', name: '', rate: LINES_OF_INSTANCE },
      ],
      at,
    ) === 0;
  const bound = (request: EdgeRequest, at: number): Log => {
    const write = boundLines(request.log, needs.hideIds);
    const measure = startTiming();
    const count = (code: unknown, event: string): boolean => {
      const address = nameAddress(readClientAddress(request.header('x-forwarded-for'), needs.trustedProxies));
      if (code !== 'rate_limited' && hasLine(address, at)) return false;
      counted.add({ code: typeof code === 'string' ? code : event, address, at });
      return true;
    };
    return (level, event, facts) => {
      const isCounted = STRANGERS_EVENTS.includes(event) && count(facts['code'], event);
      if (!isCounted) write(level, event, TIMED_EVENTS.includes(event) ? { ...facts, ...measure() } : facts);
    };
  };
  return (useCase) => (request) => {
    const at = needs.now();
    counted.tell(request.log, at);
    return waitings.run({ store: new Waiting(), signer: new Waiting() }, () =>
      useCase({ ...request, log: bound(request, at) }),
    );
  };
}

/** Call it where the request begins; a clock that is set has no part in it. */
function startTiming(): () => Readonly<Record<'ms' | 'storeMs' | 'signerMs', number>> {
  const started = performance.now();
  const waiting = waitings.getStore();
  return () => ({
    ms: Math.round(performance.now() - started),
    storeMs: waiting?.store.milliseconds ?? 0,
    signerMs: waiting?.signer.milliseconds ?? 0,
  });
}

/** Its size is bounded: there are as many counts as codes, which strangers cannot add to. */
class CountedRefusals {
  readonly #counts = new Map<string, number>();
  readonly #addresses = new Set<string>();
  /** Milliseconds since the epoch. */
  #since = 0;

  add({ code, address, at }: { readonly code: string; readonly address: string; readonly at: number }): void {
    if (this.#counts.size === 0) this.#since = at;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(address);
  }

  /** A clock that was set back must not keep them for ever. */
  tell(log: Log, at: number): void {
    if (this.#counts.size === 0 || Math.abs(at - this.#since) < INTERVAL) return;
    const facts = { since: formatInstant(this.#since), addresses: this.#addresses.size };
    log('warn', 'refusals_counted', { ...facts, counts: Object.fromEntries(this.#counts) });
    this.#counts.clear();
    this.#addresses.clear();
  }
}

/** Characters of a path that the log keeps. The longest path of a route that is not somebody's invention has fewer. */
const MAX_PATH = 256;
/** Characters of any other text: names of certificates, places in our code, reasons that operators give. */
const MAX_TEXT = 512;

/** Facts for one line of the log: every text cut, and with nothing in it that a terminal or a viewer could obey. */
function boundFacts(
  facts: Readonly<Record<string, unknown>>,
  hideIds: HideIds | null,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, boundFact(name, value, hideIds)]));
}

function boundFact(name: string, value: unknown, hideIds: HideIds | null): unknown {
  if (typeof value === 'string')
    return boundText(hideIds?.(name, value) ?? value, name === 'path' ? MAX_PATH : MAX_TEXT);
  if (Array.isArray(value)) return value.map((entry: unknown) => boundFact(name, entry, hideIds));
  if (typeof value !== 'object' || value === null) return value;
  return boundFacts(value as Readonly<Record<string, unknown>>, hideIds);
}

function boundText(text: string, longest: number): string {
  const escaped = replaceUnprintable(text.slice(0, longest), escapeUnits);
  // An escape is longer than what it stands for.
  return Math.max(text.length, escaped.length) > longest ? `${escaped.slice(0, longest - 1)}…` : escaped;
}
