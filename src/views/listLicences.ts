import type { RecordedLicence } from '../catalogue/store.ts';
import { decodeContinuation, encodeContinuation } from '../contract/continuation.ts';
import { ContinuationError } from '../contract/stored.ts';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';
import { orderKey } from './licencePlaces.ts';
import type { LicenceOrder, SortedLicenceStore, Times } from './store.ts';

/** Calls to the store for one page. */
const MAX_QUERIES = 5;
/** Rows of one call. */
const MAX_ROWS = 1_000;

export interface LicenceQuestion {
  readonly order: LicenceOrder | 'id';
  /** `null`: every licence. */
  readonly matches: ((licence: RecordedLicence) => boolean) | null;
  /** With the order `end`: of those that end in these times alone. */
  readonly ends?: Partial<Times> | undefined;
}

export interface LicenceList extends ReadablePage<RecordedLicence> {
  /** Licences. */
  readonly lookedAt: number;
}

/**
 * A page of licences in an order. It ends after five calls to the store, though it may not be full then.
 *
 * @throws {ContinuationError} @throws {StoreUnavailableError}
 */
export async function listLicences(
  store: SortedLicenceStore,
  { order, matches, ends }: LicenceQuestion,
  { size, continuation }: PageRequest,
): Promise<LicenceList> {
  const items: RecordedLicence[] = [];
  const unreadable: string[] = [];
  let after = continuation === undefined ? null : parsePlace(order, continuation);
  let lookedAt = 0;
  for (let queries = 0; queries < MAX_QUERIES; queries += 1) {
    const left = size - items.length;
    const page = await store.pageSorted(order, { after, size: matches === null ? left : MAX_ROWS, ends });
    unreadable.push(...page.unreadable);
    for (const [index, { key, licence }] of page.items.entries()) {
      lookedAt += 1;
      if (matches?.(licence) === false) continue;
      items.push(licence);
      const isLast = page.after === null && index === page.items.length - 1;
      if (items.length === size) return { items, unreadable, lookedAt, next: isLast ? null : formatPlace(order, key) };
    }
    ({ after } = page);
    if (after === null) return { items, unreadable, lookedAt, next: null };
  }
  return { items, unreadable, lookedAt, next: after === null ? null : formatPlace(order, after) };
}

/**
 * A page of licences that are at hand, in an order.
 *
 * @param all few as they are
 * @throws {ContinuationError}
 */
export function pageLicences(
  all: readonly RecordedLicence[],
  { order, matches }: LicenceQuestion,
  { size, continuation }: PageRequest,
): LicenceList {
  const after = continuation === undefined ? '' : parsePlace(order, continuation);
  const left = all
    .map((licence) => ({ licence, key: orderKey(licence, order) }))
    .filter(({ key, licence }) => key > after && matches?.(licence) !== false)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const taken = left.slice(0, size);
  const last = taken.at(-1);
  const next = left.length > size && last !== undefined ? formatPlace(order, last.key) : null;
  return { items: taken.map(({ licence }) => licence), unreadable: [], lookedAt: all.length, next };
}

function formatPlace(order: LicenceQuestion['order'], key: string): string {
  return encodeContinuation([order, key]);
}

function parsePlace(order: LicenceQuestion['order'], continuation: string): string {
  const [named, key] = decodeContinuation(continuation);
  if (named === order && typeof key === 'string') return key;
  throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
}
