import type { DecisionJson } from '../contract/operators/decision.ts';
import { readPage } from './operatorClient.ts';
import type { OperatorClient } from './operatorClient.ts';

/**
 * Milliseconds that are read again each time. An instance with a slow clock may write a decision that is older than what
 * was read already, by as much as the service's own projector waits for.
 */
export const OVERLAP = 3 * 60_000;
/** Milliseconds: how far back the earlier decisions are searched where no time is named. */
const MAX_SEARCH = 24 * 60 * 60_000;
const PAGE = 200;

interface Followed {
  readonly client: OperatorClient;
  readonly filter: Readonly<Record<string, string | undefined>>;
  /** RFC 3339: nothing before is read. */
  readonly from: string | undefined;
  /** How many of the decisions that are there at first are read. */
  readonly earlier: number;
}

/**
 * Reads decisions as they come: each call returns those that no call returned before, the oldest first. Times are the
 * service's alone, so that this machine's clock does not matter. A call that fails has read nothing.
 */
export function followDecisions({ client, filter, from, earlier }: Followed): () => Promise<readonly DecisionJson[]> {
  const seen = new Map<string, number>();
  let begin = from === undefined ? null : Date.parse(from);
  let isFirst = true;
  return async () => {
    const newest = await readNewest(client);
    // Whatever comes after this call is later.
    const settled = newest === null ? null : newest - OVERLAP;
    const start = isFirst && from === undefined && newest !== null ? newest - MAX_SEARCH : begin;
    const isEnough = (items: readonly DecisionJson[]) =>
      isFirst && items.length >= earlier && timeOf(items.at(-1)) < (settled ?? 0);
    const items = await readBack(client, { ...filter, from: start === null ? undefined : formatTime(start) }, isEnough);
    const fresh = items.filter(({ id }) => !seen.has(id)).slice(0, isFirst ? earlier : undefined);
    for (const item of items) seen.set(item.id, timeOf(item));
    if (settled !== null) begin = Math.max(begin ?? settled, settled);
    for (const [id, at] of seen) if (begin !== null && at < begin) seen.delete(id);
    isFirst = false;
    return fresh.toReversed();
  };
}

/** Milliseconds since the epoch; null where there is no decision at all, or none with a time. */
async function readNewest(client: OperatorClient): Promise<number | null> {
  const { items } = await readPage(client, { path: '/decisions', query: { limit: '1' }, item: 'Decision' });
  const [newest] = items;
  const at = timeOf(newest);
  return Number.isNaN(at) ? null : at;
}

/** From the newest one back, page by page, until it is enough. */
async function readBack(
  client: OperatorClient,
  query: Readonly<Record<string, string | undefined>>,
  isEnough: (items: readonly DecisionJson[]) => boolean,
): Promise<readonly DecisionJson[]> {
  const items: DecisionJson[] = [];
  let continuation: string | undefined;
  do {
    const asked = { ...query, limit: `${PAGE}`, continuation };
    const page = await readPage(client, { path: '/decisions', query: asked, item: 'Decision' });
    items.push(...page.items);
    continuation = page.continuation ?? undefined;
  } while (continuation !== undefined && !isEnough(items));
  return items;
}

function timeOf(item: DecisionJson | undefined): number {
  return Date.parse(item?.at ?? '');
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
