import type { Finding, HandOf } from '../answer.ts';
import type { LicenceClaims } from '../licence/licenceClaims.ts';

/** Milliseconds. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const MIN_PAUSE = 1000;

/** Calm: IMDS says that this is still the same VM. */
const CALM = HOUR;
const CALM_SPREAD = 0.1;
/** A renewal comes at most so long after `renewAfter`, and within a quarter of what is left then. */
const MAX_RENEWAL_DELAY = 3 * HOUR;

const FAILING_MIN = MINUTE;
const FAILING_MAX = 15 * MINUTE;
/** What the last pause may grow by: so much that in a long outage most pauses are long. */
const FAILING_GROWTH = 6;

const WITHOUT_MIN = 1000;
const WITHOUT_MAX = MINUTE;

const DENIED = [1, 2, 4, 8].map((minutes) => minutes * MINUTE);
const DENIED_LATER = 15 * MINUTE;
const DENIED_SPREAD = 0.5;

/**
 * When one client checks again. Everything is spread at random, so that a fleet that was started, or lost its network, in one
 * instant does not come back in one.
 */
export class Rhythm {
  readonly #random: () => number;
  #failing: number = FAILING_MIN;
  #without: number = WITHOUT_MIN;
  #denials = 0;
  #due: { readonly issue: string; readonly at: number } | undefined;
  #isFailing = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the last check failed with a licence in hand. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Milliseconds since the epoch: when the licence is to be renewed. One random part is drawn for each licence. */
  dueAt({ iat, jti, exp, licence }: LicenceClaims): number {
    const issue = `${iat} ${jti}`;
    if (this.#due?.issue !== issue) {
      const from = licence.renewAfter * 1000;
      const spread = Math.min(MAX_RENEWAL_DELAY, Math.max(0, exp * 1000 - from) / 4);
      this.#due = { issue, at: from + this.#random() * spread };
    }
    return this.#due.at;
  }

  /** @returns milliseconds from now to the next check */
  next(finding: Finding): number {
    const asked = finding.kind === 'failed' ? (finding.failure.retryAfter ?? 0) * (1 + this.#random()) : 0;
    return Math.max(asked, this.#own(finding));
  }

  #own(finding: Finding): number {
    if (finding.kind === 'denied') return this.#afterDenial();
    this.#denials = 0;
    const { hand, kind } = finding;
    this.#isFailing = kind === 'failed' && hand !== undefined && hand.standing !== 'ended';
    if (hand === undefined || hand.standing === 'ended') return this.#withoutLicence();
    this.#without = WITHOUT_MIN;
    return Math.min(kind === 'failed' ? this.#afterFailure() : this.#calm(hand), untilEnd(hand));
  }

  #calm({ claims, at }: HandOf): number {
    // By a clock that is hours ahead every new licence is due at once.
    if (this.dueAt(claims) <= at) return this.#afterFailure();
    this.#failing = FAILING_MIN;
    const hour = CALM * (1 - CALM_SPREAD + 2 * CALM_SPREAD * this.#random());
    return Math.min(hour, Math.max(MIN_PAUSE, this.dueAt(claims) - at));
  }

  /** Decorrelated jitter: anything between the shortest pause and a multiple of the last one. */
  #afterFailure(): number {
    const ceiling = this.#failing * FAILING_GROWTH;
    this.#failing = Math.min(FAILING_MAX, FAILING_MIN + this.#random() * (ceiling - FAILING_MIN));
    return this.#failing;
  }

  /** Full jitter under a ceiling that doubles to a minute. */
  #withoutLicence(): number {
    this.#without = Math.min(this.#without * 2, WITHOUT_MAX);
    return WITHOUT_MIN + this.#random() * (this.#without - WITHOUT_MIN);
  }

  #afterDenial(): number {
    this.#isFailing = false;
    const pause = DENIED[this.#denials++];
    return pause ?? DENIED_LATER * (1 - DENIED_SPREAD + 2 * DENIED_SPREAD * this.#random());
  }
}

/** The next instant at which the state changes by itself. */
function untilEnd({ at, claims }: HandOf): number {
  const { exp, licence } = claims;
  const ends = [exp * 1000, licence.graceUntil * 1000].filter((end) => end > at);
  return Math.min(...ends, Infinity) - at;
}
