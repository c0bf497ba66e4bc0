import { CLOCK_SKEW } from '../../contract/clocks.ts';

/**
 * The time that counts when the clock of the machine cannot be relied on. Everything is in milliseconds; `time` and `wall`
 * since the epoch, `uptime` since the boot.
 */
export interface RememberedTime {
  /** So late it was at least. */
  readonly time: number;
  /** What the wall clock showed then. */
  readonly wall: number;
  readonly uptime: number;
  /** Null where the system does not name its boots. */
  readonly bootId: string | null;
}

/** What the clocks show now. */
export type ClockReading = Omit<RememberedTime, 'time'>;

/** A remembered time is written again after so long. */
const WRITE_INTERVAL = 600_000;

/** How late it must be now, without the wall clock: time does not stop, and it is not lost in a reboot. */
export function leastTime(remembered: RememberedTime, reading: ClockReading): number {
  return remembered.time + uptimeSince(remembered, reading);
}

/** The later of the wall clock and what must have passed: a clock that was set back lengthens nothing. */
export function countingTime(remembered: RememberedTime, reading: ClockReading): number {
  return Math.max(reading.wall, leastTime(remembered, reading));
}

/** After a reboot the whole uptime has passed since. */
function uptimeSince(remembered: RememberedTime, reading: ClockReading): number {
  if (!isSameBoot(remembered, reading)) return reading.uptime;
  return Math.max(0, reading.uptime - remembered.uptime);
}

function isSameBoot(remembered: RememberedTime, reading: ClockReading): boolean {
  if (remembered.bootId !== null && reading.bootId !== null) return remembered.bootId === reading.bootId;
  return reading.uptime >= remembered.uptime;
}

/**
 * What is to be remembered from now on. Within one boot the uptime says how much time has passed, and a wall clock that ran
 * ahead of it is not believed for later. After a reboot only the wall clock can say how long the machine was off: it counts
 * for as much as it gained since it was last seen, so that an earlier error of the clock is not taken for time.
 *
 * @param end of the licence in hand: a time past it is never remembered from the wall clock
 */
export function advance(remembered: RememberedTime, reading: ClockReading, end: number): RememberedTime {
  const least = leastTime(remembered, reading);
  const shown = isSameBoot(remembered, reading)
    ? withinOneBoot(least, reading)
    : Math.min(reading.wall, remembered.time + (reading.wall - remembered.wall));
  return { ...reading, time: shown > least && shown < end ? shown : least };
}

/** Small differences are followed, as time synchronization makes them. */
function withinOneBoot(least: number, { wall }: ClockReading): number {
  return wall - least <= CLOCK_SKEW ? wall : least;
}

/** Every ten minutes; and where a later boot must know of a boot before it, or of a wall clock that was set. */
export function isWorthWriting(old: RememberedTime, advanced: RememberedTime): boolean {
  if (!isSameBoot(old, advanced)) return true;
  const gained = advanced.time - old.time;
  const wallShifted = Math.abs(advanced.wall - old.wall - gained);
  return gained >= WRITE_INTERVAL || wallShifted > CLOCK_SKEW;
}
