import type { OperatorEndpoint } from '../contract/endpoints.ts';
import type { ChangeKind } from '../contract/operators/change.ts';
import type { PageRequest, ReadablePage } from '../contract/stored.ts';

/** One object that an operator changed, or was about to change. */
export interface ChangeRecord {
  /** As a decision's: it begins with `at`. */
  readonly id: string;
  /** Of the request. The object's row has it as the id of its last change, once that is written. */
  readonly request: string;
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number;
  /** Object id in the directory. */
  readonly by: string;
  /** For people; null where the token had none. */
  readonly byName: string | null;
  readonly operation: OperatorEndpoint;
  readonly kind: ChangeKind;
  readonly key: string;
  /** JSON objects as answers have them, without secrets; null where there is none. */
  readonly old: ChangedValue;
  readonly new: ChangedValue;
  /** Whether they have the members alone that differ. */
  readonly partial: boolean;
  readonly reason: string | null;
  /** A process that ends in between leaves `begun`. */
  readonly state: 'begun' | 'done';
  /** The version that it replaces; null where it inserts, or where there is no row of its own. */
  readonly version: string | null;
  /** The subscription that it is about, if it is about one alone. */
  readonly of: { readonly cloud: string; readonly subscriptionId: string } | null;
}

export type ChangedValue = Readonly<Record<string, unknown>> | null;

/** What is left out does not matter. `from` is inclusive, `until` exclusive, both milliseconds since the epoch. */
export interface ChangeFilter {
  readonly kind?: ChangeKind | undefined;
  /** With `kind`, without regard to case: the list is then as quick for an old object as for a new one. */
  readonly key?: string | undefined;
  /** Object id in the directory. */
  readonly by?: string | undefined;
  readonly of?: ChangeRecord['of'] | undefined;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

/** Which object was changed, and when (milliseconds since the epoch). */
export interface ChangeMark {
  readonly at: number;
  readonly kind: ChangeKind;
  readonly key: string;
}

/** The records of what operators changed. Every method throws {@link StoreUnavailableError}. */
export interface ChangeStore {
  /** Inserts or replaces them, each by its id. */
  putChanges(records: readonly ChangeRecord[]): Promise<void>;
  dropChanges(records: readonly Pick<ChangeRecord, 'id' | 'at' | 'kind' | 'key'>[]): Promise<void>;
  /** The newest first: whatever the filter, no record of a later page is newer than one of an earlier page. */
  pageChanges(filter: ChangeFilter, page: PageRequest): Promise<ReadablePage<ChangeRecord>>;
  /**
   * What was changed from `from` (inclusive) to `until` (exclusive), the oldest first. A change has the time at which its
   * request came, and may be written minutes later.
   *
   * @returns null where there are more than `limit`
   */
  readChanged(
    times: { readonly from: number; readonly until: number },
    limit: number,
  ): Promise<readonly ChangeMark[] | null>;
  /**
   * Deletes the records of changes before `before`, in pieces: each is the number of records deleted.
   *
   * @param isHeld whether a record is kept however old it is; asked of pins, distrusts and blocks alone
   */
  deleteChanges(before: number, isHeld: (record: ChangeRecord) => Promise<boolean>): AsyncIterable<number>;
  /** The same, for all that are about one subscription alone. */
  deleteChangesOf(
    of: NonNullable<ChangeRecord['of']>,
    isHeld: (record: ChangeRecord) => Promise<boolean>,
  ): AsyncIterable<number>;
}

/** What holds until somebody removes it: as long as it does, who decided it can be found. */
export const HELD_KINDS: readonly ChangeKind[] = ['pin', 'distrust', 'block'];

/** Characters of old and new together, at most three octets each: 100 records fit into one transaction of the store. */
const MAX_VALUES = 10_000;
const MAX_MEMBER = 500;

/** Old and new value as a record keeps them: the members that differ where the whole is too long, and no long ones. */
export function boundValues(old: ChangedValue, changed: ChangedValue): Pick<ChangeRecord, 'old' | 'new' | 'partial'> {
  if (lengthOf(old) + lengthOf(changed) <= MAX_VALUES) return { old, new: changed, partial: false };
  const [before, after] = [pickDifferent(old, changed), pickDifferent(changed, old)];
  if (lengthOf(before) + lengthOf(after) <= MAX_VALUES) return { old: before, new: after, partial: true };
  return { old: shorten(before), new: shorten(after), partial: true };
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}

function pickDifferent(value: ChangedValue, other: ChangedValue): ChangedValue {
  if (value === null || other === null) return value;
  return filterMembers(value, ([name, member]) => JSON.stringify(member) !== JSON.stringify(other[name]));
}

function filterMembers(
  value: NonNullable<ChangedValue>,
  isKept: (entry: readonly [string, unknown]) => boolean,
): NonNullable<ChangedValue> {
  return Object.fromEntries(Object.entries(value).filter(isKept));
}

/** Of a long member, how long it is: an object has at most some thirty of them. */
function shorten(value: ChangedValue): ChangedValue {
  if (value === null) return null;
  const members = Object.entries(value).map(([name, member]) => [name, shortenMember(member)] as const);
  return Object.fromEntries(members.slice(0, MAX_VALUES / (2 * MAX_MEMBER)));
}

function shortenMember(member: unknown): unknown {
  if (member === undefined || lengthOf(member) <= MAX_MEMBER - 100) return member;
  return Array.isArray(member) ? `(${member.length} items)` : `(${lengthOf(member)} characters)`;
}
