import { formatInstant } from '../contract/instants.ts';
import { escapeUnits, replaceUnprintable } from '../contract/plainText.ts';
import { nameAddress, readClientAddress } from './addressLimit.ts';
import type { AddressLimitNeeds } from './addressLimit.ts';
import type { EdgeRequest, Log, UseCase } from './edge.ts';
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

/**
 * Bounds what strangers can write to the log of this instance. Refusals for load are never a line each, and others are
 * while there are few of them: 30 a minute of one address and 300 of all. The rest is counted by its code. The first
 * request after a minute tells how many there were, and from how many addresses, in one line: `refusals_counted`.
 *
 * Texts in all lines are cut and escaped.
 *
 * @returns what every use case of the instance is wrapped in
 */
export function createLogBounds(
  needs: Pick<AddressLimitNeeds, 'trustedProxies' | 'now'>,
): (useCase: UseCase) => UseCase {
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
    const write: Log = (level, event, facts) => {
      request.log(level, event, boundFacts(facts));
    };
    const count = (code: unknown, event: string): boolean => {
      const address = nameAddress(readClientAddress(request.header('x-forwarded-for'), needs.trustedProxies));
      if (code !== 'rate_limited' && hasLine(address, at)) return false;
      counted.add({ code: typeof code === 'string' ? code : event, address, at });
      return true;
    };
    return (level, event, facts) => {
      const isCounted = STRANGERS_EVENTS.includes(event) && count(facts['code'], event);
      if (!isCounted) write(level, event, facts);
    };
  };
  return (useCase) => (request) => {
    const at = needs.now();
    counted.tell(request.log, at);
    return useCase({ ...request, log: bound(request, at) });
  };
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
function boundFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, boundFact(name, value)]));
}

function boundFact(name: string, value: unknown): unknown {
  if (typeof value === 'string') return boundText(value, name === 'path' ? MAX_PATH : MAX_TEXT);
  if (Array.isArray(value)) return value.map((entry: unknown) => boundFact(name, entry));
  return typeof value === 'object' && value !== null ? boundFacts(value as Readonly<Record<string, unknown>>) : value;
}

function boundText(text: string, longest: number): string {
  const escaped = replaceUnprintable(text.slice(0, longest), escapeUnits);
  // An escape is longer than what it stands for.
  return Math.max(text.length, escaped.length) > longest ? `${escaped.slice(0, longest - 1)}…` : escaped;
}
