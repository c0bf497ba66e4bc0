import { beginWords, splitWords } from '../../catalogue/licenceWords.ts';
import { decodeContinuation, encodeContinuation } from '../../contract/continuation.ts';
import { ContinuationError } from '../../contract/stored.ts';
import type { PageRequest, ReadablePage } from '../../contract/stored.ts';
import type { PooledActivation } from '../../seats/store.ts';

/** Pages of VMs that are looked at for one page of those with the label. */
const MAX_PAGES = 5;
/** VMs of each. */
const PAGE = 1_000;

type ReadPage = (page: PageRequest) => Promise<ReadablePage<PooledActivation>>;

/**
 * The VMs of a list whose label has words that begin so. The store knows labels in no order, so they are looked through:
 * a page may be empty though there are more.
 *
 * @param read a page of the list
 * @throws {ContinuationError} @throws {StoreUnavailableError}
 */
export async function searchLabels(
  read: ReadPage,
  label: string,
  { size, continuation }: PageRequest,
): Promise<ReadablePage<PooledActivation>> {
  const beginnings = splitWords(label);
  const isMeant = ({ value }: PooledActivation) =>
    beginnings.length > 0 && value.label !== null && beginWords(beginnings, splitWords(value.label));
  let place: Place = continuation === undefined ? { inner: undefined, passed: 0 } : parsePlace(continuation);
  const items: PooledActivation[] = [];
  const unreadable: string[] = [];
  for (let pages = 0; pages < MAX_PAGES && items.length < size; pages += 1) {
    const page = await read({ size: PAGE, continuation: place.inner });
    unreadable.push(...page.unreadable);
    const meant = page.items.filter(isMeant).slice(place.passed);
    const taken = meant.slice(0, size - items.length);
    items.push(...taken);
    if (taken.length < meant.length) place = { ...place, passed: place.passed + taken.length };
    else if (page.next === null) return { items, unreadable, next: null };
    else place = { inner: page.next, passed: 0 };
  }
  return { items, unreadable, next: encodeContinuation([place.inner ?? null, place.passed]) };
}

/** A page of the list, and how many of its VMs that are meant were answered already. */
interface Place {
  readonly inner: string | undefined;
  readonly passed: number;
}

function parsePlace(continuation: string): Place {
  const [inner, passed] = decodeContinuation(continuation);
  const isPlace = (inner === null || typeof inner === 'string') && Number.isInteger(passed) && Number(passed) >= 0;
  if (!isPlace) throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
  return { inner: inner ?? undefined, passed: Number(passed) };
}
