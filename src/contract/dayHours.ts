/*
 * Hours in which a VM was licensed. An hour counts if a part of it lies between the issue of a licence and the earlier of
 * its `exp` and the next issue. Hours and days are of UTC.
 */

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const HOURS_A_DAY = 24;

/** Hours of one UTC day in which a VM was licensed: bit 0 stands for 00:00 to 01:00. */
export interface DayHours {
  /** Days since the epoch. */
  readonly day: number;
  readonly hours: number;
}

/** The newest licence of a VM, and what the ledger has of the VM. Times are milliseconds since the epoch. */
export interface LicensedTime {
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** What the ledger says of the newest day that it has for this VM; `null` if it has none yet. */
  readonly counted: DayHours | null;
  /** Not `null`: the VM has gone on in another pool, and the ledger has all of its time in this one. */
  readonly movedTo: string | null;
}

/** Days since the epoch. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY);
}

/** Milliseconds since the epoch. */
export function dayStart(day: number): number {
  return day * DAY;
}

/** The hours of a day of which a part lies from `from` (inclusive) to `until` (exclusive). */
export function hoursOfDay(day: number, from: number, until: number): number {
  const start = dayStart(day);
  const first = Math.max(0, Math.floor((from - start) / HOUR));
  const end = Math.min(HOURS_A_DAY, Math.ceil((until - start) / HOUR));
  return from < until && first < end ? 2 ** end - 2 ** first : 0;
}

/** The hours of a day that begin from `from` (inclusive) to `until` (exclusive): neighbouring ranges share none. */
export function hoursBeginning(day: number, from: number, until: number): number {
  return hoursOfDay(day, Math.ceil(from / HOUR) * HOUR, Math.ceil(until / HOUR) * HOUR);
}

/** How many hours are set. */
export function countHours(hours: number): number {
  let count = 0;
  for (let rest = hours; rest > 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * What the newest licence of a VM adds to the ledger by `at`: the rows that change, oldest day first, each with what the
 * ledger already has of that day. Days before the newest one in the ledger are complete: a clock that went back by the
 * two minutes that are allowed changes none of them.
 */
export function hoursToCount(licensed: LicensedTime, at: number): readonly DayHours[] {
  const { issuedAt, expiresAt, counted } = licensed;
  const until = Math.min(at, expiresAt);
  if (issuedAt >= until) return [];
  const rows: DayHours[] = [];
  for (let day = Math.max(dayOf(issuedAt), counted?.day ?? 0); dayStart(day) < until; day += 1) {
    const before = day === counted?.day ? counted.hours : 0;
    const hours = before | newestHours(licensed, day, at);
    if (hours !== before) rows.push({ day, hours });
  }
  return rows;
}

/** The hours of a day in which a VM is licensed by its newest licence, until `at`; none of a day before those that changes. */
export function newestHours({ issuedAt, expiresAt, counted, movedTo }: LicensedTime, day: number, at: number): number {
  if (movedTo !== null || (counted !== null && day < counted.day)) return 0;
  return hoursOfDay(day, issuedAt, Math.min(at, expiresAt));
}
