import type { CatalogueStore } from '../catalogue/store.ts';
import type { Licence } from '../catalogue/licence.ts';
import { beginWords, pickKept, splitWords, wordsOf } from '../catalogue/licenceWords.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import { formatPlanName } from '../contract/planName.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import { decisionIdTime } from '../decisions/decisionRecord.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { LAG } from './projectLog.ts';
import { idsOf, newestOf } from './projectSearch.ts';
import type { FoundLicence, KnownId, LogReader, SearchStore } from './store.ts';

/** Of each kind. */
export const MAX_FOUND = 20;
/** Milliseconds of the log that may not be projected yet: the projector runs once a minute. */
const TAIL = LAG + 120_000;
/** Decisions of it that are looked through: one call gives 1,000. */
const MAX_TAIL = 999;

export type SearchReader = Pick<SearchStore, 'findIds' | 'findLicences'> &
  Pick<LogReader, 'readSlice'> &
  Pick<CatalogueStore, 'readLicence'> &
  Pick<DecisionStore, 'readDecision'>;

export interface Found {
  readonly licences: readonly FoundLicence[];
  readonly subscriptions: readonly KnownId[];
  readonly vms: readonly KnownId[];
  readonly decisions: readonly DecisionRecord[];
  /** Whether this is all that there is. */
  readonly complete: boolean;
}

const LICENCE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The beginning of a UUID. */
const ID = /^[0-9a-f]{2,8}(-|$)([0-9a-f]{0,4}(-|$)){0,3}[0-9a-f]{0,12}$/;
const ID_LENGTH = 36;

/**
 * Finds licences by their id or by words that begin so, and subscriptions, VMs and decisions by their id. At most four calls
 * to the store, however much there is.
 *
 * @param now milliseconds since the epoch
 * @returns `null` where nothing can be searched for: not one word of two letters
 * @throws {StoreUnavailableError}
 */
export async function readSearch(store: SearchReader, text: string, now: number): Promise<Found | null> {
  const asked = text.trim();
  const words = pickKept(splitWords(asked));
  if (words.length === 0 && !LICENCE_ID.test(asked)) return null;
  const [named, worded, ids, decision] = await Promise.all([
    LICENCE_ID.test(asked) ? store.readLicence(asked) : null,
    findByWords(store, words),
    findIds(store, asked.toLowerCase(), now),
    isDecisionId(asked.toLowerCase(), now) ? store.readDecision(asked.toLowerCase()) : null,
  ]);
  const licences = joinLicences(named === null ? null : describe(named.value), worded.items);
  const ofKind = (kind: KnownId['kind']) => ids.items.filter((one) => one.kind === kind);
  const [subscriptions, vms] = [ofKind('subscription'), ofKind('vm')];
  const isWhole = [licences, subscriptions, vms].every(({ length }) => length <= MAX_FOUND);
  return {
    licences: licences.slice(0, MAX_FOUND),
    ...{ subscriptions: subscriptions.slice(0, MAX_FOUND), vms: vms.slice(0, MAX_FOUND) },
    decisions: decision === null ? [] : [decision],
    // A single letter is no word to look for, though words begin with it.
    complete: isWhole && words.length > 0 && worded.complete && ids.complete,
  };
}

const NOTHING = { items: [], complete: true } as const;

/** Whether a decision may have this id: it begins with its time. */
function isDecisionId(id: string, now: number): boolean {
  const at = decisionIdTime(id);
  return at !== null && at <= now + CLOCK_SKEW;
}

/** With what the projector has not come to yet, where the id is whole. */
async function findIds(store: SearchReader, asked: string, now: number) {
  if (!ID.test(asked)) return NOTHING;
  // VMs and subscriptions of Azure have random ids: one with the time of a decision costs no call for the tail.
  const isTailRead = asked.length === ID_LENGTH && !isDecisionId(asked, now);
  const [known, tail] = await Promise.all([store.findIds(asked), isTailRead ? readTail(store, now) : []]);
  const recent = (tail ?? []).flatMap(idsOf).filter(({ id }) => id === asked);
  return { items: newestOf([...known.items, ...recent]), complete: known.complete && tail !== null };
}

/** @returns `null` where there is more than can be looked through */
function readTail(store: SearchReader, now: number) {
  return store.readSlice({ from: now - TAIL, until: now + CLOCK_SKEW }, MAX_TAIL);
}

/** The longest word has the fewest licences; the others are looked for in what its rows say. */
async function findByWords(store: SearchReader, words: readonly string[]) {
  const longest = words.toSorted((left, right) => right.length - left.length)[0];
  if (longest === undefined) return NOTHING;
  const { items, complete } = await store.findLicences(longest);
  return { items: items.filter((one) => beginWords(words, one.words)), complete };
}

/** A licence that was written a moment ago has no words yet; one has several words that begin so. */
function joinLicences(named: FoundLicence | null, others: readonly FoundLicence[]): readonly FoundLicence[] {
  const all = named === null ? others : [named, ...others];
  return [...new Map(all.toReversed().map((one) => [one.id.toLowerCase(), one])).values()].toReversed();
}

function describe(licence: Licence): FoundLicence {
  const { id, customer, plan } = licence;
  const names = { customer: customer?.name ?? null, reference: customer?.reference ?? null };
  return { id, ...names, offer: formatPlanName(plan), words: wordsOf(licence) };
}
