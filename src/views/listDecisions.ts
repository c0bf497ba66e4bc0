import { ContinuationError } from '../contract/stored.ts';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';
import type { DecisionFilter, DecisionRecord } from '../decisions/decisionRecord.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { TimelineOwner, TimelineStore } from './store.ts';

export interface ListNeeds {
  readonly store: Pick<DecisionStore, 'pageDecisions'> & Pick<TimelineStore, 'readWatermark' | 'pageTimeline'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** @throws {ContinuationError} @throws {StoreUnavailableError} */
export type ListDecisions = (filter: DecisionFilter, page: PageRequest) => Promise<ReadablePage<DecisionRecord>>;

/** Milliseconds that a watermark is used: an older one is as good, only more is then read from the log. */
const MAX_AGE = 60_000;

/**
 * Lists decisions, the newest first. Those of one subscription or VM of a named cloud come from its timeline, and what is
 * not projected yet comes from the log before it. Everything else is a search through the log.
 */
export function createListDecisions({ store, now }: ListNeeds): ListDecisions {
  let known: { readonly watermark: number; readonly at: number } | null = null;
  const readSeam = async (): Promise<number> => {
    const at = now();
    if (known !== null && at >= known.at && at - known.at < MAX_AGE) return known.watermark;
    known = { watermark: (await store.readWatermark())?.value ?? 0, at };
    return known.watermark;
  };
  return async (filter, page) => {
    const owner = findOwner(filter);
    if (owner === null) return store.pageDecisions(filter, page);
    const place = page.continuation === undefined ? null : parsePlace(page.continuation);
    const seam = place?.seam ?? (await readSeam());
    const list = { store, owner, filter, seam };
    return place?.isInTimeline === true
      ? readTimeline(list, { size: page.size, continuation: place.rest })
      : readTail(list, { size: page.size, continuation: place?.rest });
  };
}

function findOwner({ cloud, subscriptionId, vmId }: DecisionFilter): TimelineOwner | null {
  if (cloud === undefined) return null;
  if (vmId !== undefined) return { kind: 'vm', cloud, vmId };
  return subscriptionId === undefined ? null : { kind: 'subscription', cloud, subscriptionId };
}

/**
 * A list in two parts: the log from the seam on, and the timeline before it. All pages have the seam of the first one, so
 * that no row is in both or in neither, though the projector runs in between.
 */
interface SeamedList {
  readonly store: ListNeeds['store'];
  readonly owner: TimelineOwner;
  readonly filter: DecisionFilter;
  /** Milliseconds since the epoch. */
  readonly seam: number;
}

async function readTail(list: SeamedList, page: PageRequest): Promise<ReadablePage<DecisionRecord>> {
  const { store, filter, seam } = list;
  const from = Math.max(filter.from ?? seam, seam);
  if (filter.until !== undefined && filter.until <= from) return readTimeline(list, { size: page.size });
  const tail = await store.pageDecisions({ ...filter, from }, page);
  if (tail.next !== null) return { ...tail, next: formatPlace(seam, 'log', tail.next) };
  const size = page.size - tail.items.length - tail.unreadable.length;
  if (size === 0) return { ...tail, next: formatPlace(seam, 'timeline', '') };
  const older = await readTimeline(list, { size });
  return {
    items: [...tail.items, ...older.items],
    unreadable: [...tail.unreadable, ...older.unreadable],
    next: older.next,
  };
}

async function readTimeline(
  { store, owner, filter, seam }: SeamedList,
  page: PageRequest,
): Promise<ReadablePage<DecisionRecord>> {
  const until = Math.min(filter.until ?? seam, seam);
  if (filter.from !== undefined && filter.from >= until) return { items: [], unreadable: [], next: null };
  const { next, ...read } = await store.pageTimeline(owner, { ...filter, until }, page);
  return { ...read, next: next === null ? null : formatPlace(seam, 'timeline', next) };
}

const PLACE = /^(\d{1,15})!(log|timeline)!(.*)$/;

function formatPlace(seam: number, part: 'log' | 'timeline', rest: string): string {
  return `${seam}!${part}!${rest}`;
}

/** `rest`: the continuation within the part; undefined at its beginning. */
function parsePlace(continuation: string) {
  const [, seam, part, rest = ''] = PLACE.exec(continuation) ?? [];
  if (seam === undefined) throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
  return { seam: Number(seam), isInTimeline: part === 'timeline', rest: rest === '' ? undefined : rest };
}
