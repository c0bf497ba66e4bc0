/** What can be known of how late it is, for one licence in hand. Milliseconds. */
interface Known {
  /** So late it was at least, ... */
  readonly time: number;
  /** ... at this true time, ... */
  readonly at: number;
  /** ... in this boot. */
  readonly boot: number;
}

/** What the machine shows. */
export interface MachineTimes {
  /** True time. */
  readonly truth: number;
  readonly wall: number;
  readonly uptime: number;
  readonly boot: number;
}

/** A licence that a check has seen: when it was issued, and when its grace ends. Milliseconds. */
export interface SeenLicence {
  readonly token: string;
  readonly issuedAt: number;
  readonly end: number;
}

/** A remembered time may be written so much late, and is then older after a reboot. */
const WRITE_INTERVAL = 600_000;
/** Differences of clocks that time synchronization makes, and what one check takes. */
const SLACK = 900_000;

/**
 * Between which bounds the time lies that counts for a licence: not before what must have passed since a check saw it, not
 * after the truth; and never before the wall clock.
 */
export class TimeKnowledge {
  /** Since the boot. */
  readonly #known = new Map<string, Known>();
  /** What could be written, and so outlasts the boot. */
  readonly #kept = new Map<string, Known>();
  /** The latest that the wall clock has shown. */
  #highestWall = -Infinity;
  /** The clock may have been set while nothing could be kept: then a later boot cannot tell that from time. */
  isBlurred = false;

  /** @param issuedAt milliseconds */
  boundsOf(
    token: string,
    issuedAt: number,
    times: MachineTimes,
  ): { readonly earliest: number; readonly latest: number } {
    const { truth, wall } = times;
    const latest = this.isBlurred ? Math.max(truth, this.#highestWall) : truth;
    return {
      earliest: Math.max(wall, this.#leastOf(token, issuedAt, times)),
      latest: Math.max(wall, latest) + SLACK,
    };
  }

  /** A check has ended that saw this licence. A wall clock past the licence's end is not remembered. */
  observe({ token, issuedAt, end }: SeenLicence, times: MachineTimes, isWritten: boolean): void {
    this.#highestWall = Math.max(this.#highestWall, times.wall);
    const least = this.#leastOf(token, issuedAt, times);
    const earliest = times.wall < end ? Math.max(times.wall, least) : least;
    const known = { time: Math.min(earliest, times.truth), at: times.truth, boot: times.boot };
    this.#known.set(token, known);
    if (isWritten) this.#kept.set(token, known);
  }

  /** Somebody has changed the file: nothing is known but what the licence says. */
  forget(): void {
    this.#known.clear();
    this.#kept.clear();
  }

  noteWall(wall: number): void {
    this.#highestWall = Math.max(this.#highestWall, wall);
  }

  #leastOf(token: string, issuedAt: number, { truth, uptime, boot }: MachineTimes): number {
    const known = this.#known.get(token);
    if (known?.boot === boot) return Math.max(issuedAt, known.time + truth - known.at);
    const kept = this.#kept.get(token);
    return kept === undefined ? issuedAt : Math.max(issuedAt, kept.time - WRITE_INTERVAL + uptime);
  }
}
