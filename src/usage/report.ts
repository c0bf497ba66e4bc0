import { licenceIdOf, parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { dayOf, dayStart } from '../contract/dayHours.ts';
import { foldCase, formatPlanName } from '../contract/planName.ts';
import { decodeContinuation, encodeContinuation } from '../contract/continuation.ts';
import { ContinuationError } from '../contract/stored.ts';
import type { Page, PageRequest } from '../contract/stored.ts';
import { countPool } from './countPool.ts';
import type { PoolCounts, UsageRange } from './countPool.ts';
import type { UsageReader } from './store.ts';

/** Milliseconds after which a page ends, with however many rows: only the days that are counted together are ended. */
const MAX_PAGE_TIME = 10_000;
/** Days of one pool that are counted together: twice as many after each time that was quick (in milliseconds). */
const FIRST_WINDOW = 31;
const QUICK_WINDOW = 1_000;

export interface UsageQuery extends UsageRange {
  readonly by: 'day' | 'month';
  /** One pool; `null`: all of them, each by itself. */
  readonly pool: SeatPool | null;
  /** What was licensed under this offer alone, `publisher/product/plan`; `null`: under any. */
  readonly offer: string | null;
}

/** What one licence used of one offer in one day or month. */
export interface UsageItem {
  /** `2026-11-28` or `2026-11`, of UTC. */
  readonly period: string;
  readonly licence: string;
  readonly offer: string;
  readonly vmHours: number;
  /** The highest number of VMs that were licensed in the same hour. */
  readonly mostAtOnce: number;
}

/** Where a page begins: in a pool at a time, after the rows that were told already. */
interface Place {
  readonly pool: SeatPool;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly told: number;
}

/** What a page has so far. */
interface Draft {
  readonly size: number;
  /** By the caller's clock, in milliseconds. */
  readonly end: number;
  readonly clock: () => number;
  readonly items: UsageItem[];
}

/**
 * A page of usage: the pools in the order of their names, and the periods of each in their order. Days and months without
 * usage have no row.
 *
 * @param page `clock`: milliseconds, for the time that a page may take
 * @throws ContinuationError
 * @throws StoreUnavailableError
 */
export async function reportUsage(
  store: UsageReader,
  query: UsageQuery,
  { size, continuation, clock }: PageRequest & { readonly clock: () => number },
): Promise<Page<UsageItem>> {
  const draft: Draft = { size, end: clock() + MAX_PAGE_TIME, clock, items: [] };
  let place = continuation === undefined ? await firstOf(store, query, null) : parsePlace(query, continuation);
  while (place !== null) {
    const rest: Place | null = await reportPool(store, query, place, draft);
    place = rest ?? (await firstOf(store, query, poolName(place.pool)));
    if (place !== null && isFull(draft)) break;
  }
  return { items: draft.items, next: place === null ? null : formatPlace(place) };
}

function isFull({ items, size, end, clock }: Draft): boolean {
  return items.length >= size || clock() >= end;
}

/** @returns where the next page goes on in this pool; `null` at the end of it */
async function reportPool(store: UsageReader, query: UsageQuery, from: Place, draft: Draft): Promise<Place | null> {
  let { start, told } = from;
  for (let days = FIRST_WINDOW; start < query.until; told = 0) {
    const begun = draft.clock();
    const until = endOfWindow(query, start, days);
    const counts = await countPool(store, from.pool, { ...query, from: start, until });
    const items = listItems(counts, from.pool, query).slice(told);
    const fitting = items.slice(0, draft.size - draft.items.length);
    draft.items.push(...fitting);
    if (fitting.length < items.length) return { pool: from.pool, start, told: told + fitting.length };
    start = until;
    if (start < query.until && isFull(draft)) return { pool: from.pool, start, told: 0 };
    if (draft.clock() - begun < QUICK_WINDOW) days *= 2;
  }
  return null;
}

/** The beginning of the next pool after one of this name. */
async function firstOf(store: UsageReader, query: UsageQuery, after: string | null): Promise<Place | null> {
  const pool = await nextPool(store, query, after);
  return pool && { pool, start: query.from, told: 0 };
}

/** The next pool after one of this name in which there may be what is asked for. */
async function nextPool(store: UsageReader, query: UsageQuery, after: string | null): Promise<SeatPool | null> {
  if (query.pool !== null) return after === null ? query.pool : null;
  let pool = await store.nextPool(after);
  while (pool !== null && !isAsked(pool, query)) pool = await store.nextPool(poolName(pool));
  return pool;
}

/** Pools without a licence of operators say in their names of which subscription and offer they are. */
function isAsked(pool: SeatPool, { of, offer }: UsageQuery): boolean {
  if (pool.kind === 'licence') return true;
  const isOfThis = of === null || (pool.cloud === of.cloud && pool.subscriptionId === of.subscriptionId);
  return isOfThis && (offer === null || foldCase(formatPlanName(pool.plan)) === foldCase(offer));
}

/** At least one whole period. */
function endOfWindow({ by, until }: UsageQuery, start: number, days: number): number {
  const date = new Date(start);
  const months = Math.floor(days / FIRST_WINDOW);
  const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months);
  return Math.min(until, by === 'day' ? dayStart(dayOf(start) + days) : month);
}

function listItems({ licenceId, offers }: PoolCounts, pool: SeatPool, { by, offer }: UsageQuery): readonly UsageItem[] {
  const licence = licenceId ?? licenceIdOf(pool);
  const wanted = [...offers].filter(([name]) => offer === null || foldCase(name) === foldCase(offer));
  const items = wanted.flatMap(([name, days]) => {
    const periods = new Map<string, UsageItem>();
    for (const [day, hourly] of days) {
      const period = new Date(dayStart(day)).toISOString().slice(0, by === 'day' ? 10 : 7);
      const { vmHours, mostAtOnce } = periods.get(period) ?? { vmHours: 0, mostAtOnce: 0 };
      const sum = hourly.reduce((total, count) => total + count, vmHours);
      periods.set(period, { period, licence, offer: name, vmHours: sum, mostAtOnce: Math.max(mostAtOnce, ...hourly) });
    }
    return [...periods.values()];
  });
  const order = ({ period, offer: name }: UsageItem) => `${period} ${name}`;
  return items.sort((left, right) => (order(left) < order(right) ? -1 : 1));
}

function formatPlace({ pool, start, told }: Place): string {
  return encodeContinuation([poolName(pool), start, told]);
}

/** It opens nothing: whatever it names, the question stays the caller's own. */
function parsePlace({ from, until, pool: only }: UsageQuery, continuation: string): Place {
  const [name, start, told] = decodeContinuation(continuation);
  const pool = typeof name === 'string' ? parsePoolName(name) : null;
  const isPlace = Number.isSafeInteger(start) && Number.isSafeInteger(told) && Number(told) >= 0;
  const isWithin = Number(start) >= from && Number(start) < until && (only === null || poolName(only) === name);
  if (pool !== null && isPlace && isWithin) return { pool, start: Number(start), told: Number(told) };
  throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
}
