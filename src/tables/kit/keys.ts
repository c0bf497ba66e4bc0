import { createHash } from 'node:crypto';

import type { ChangeMark } from '../../decisions/changes.ts';
import type { RepeatKey } from '../../decisions/store.ts';
import type { OperatorRequestKey } from '../../http/operatorRequest.ts';
import { dayOf, dayStart } from '../../contract/dayHours.ts';
import { joinKey, splitKey } from '../../contract/keyParts.ts';
import { foldCase, formatPlanName } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import { BLOCK_SIZE } from '../../seats/seatBlocks.ts';
import type { DayRange, VmRange } from '../../usage/store.ts';
import type { TrustKey } from '../../trust/live/trustEntry.ts';
import { fillOf, MAX_FILL } from '../../views/projectPools.ts';
import type { KnownId, PoolView, TimelineOwner } from '../../views/store.ts';

/*
 * Partition and row keys, as docs/decisions/table-keys.md explains them. A key must not hold / \ # ? or control
 * characters ("Understanding the Table service data model").
 */

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const LAST_DAY = 999_999;
const LAST_TIME = 2 ** 48 - 1;

export const OFFERS_PARTITION = 'offers';
/** In the partition of offers, before all of them: every offer's key begins with a letter or a digit. */
export const OFFER_LIST_ROW = '!list';
export const NOTICE_PREFIX = '!notice:';
/** The last one before all offers. */
export const RESTORED_ROW = '!restored';
export const FIRST_OFFER_ROW = '0';
export const ISSUERS_PARTITION = 'issuers';
export const TRUST_PARTITION = 'trust';
export const KEY_SETS_PARTITION = 'keysets';
export const VIEWS_PARTITION = 'views';
export const TIMELINES_ROW = 'timelines';

export const STATISTICS_PARTITION = 's';
/** After all hours, which are digits, and before what instances have counted: one range has all three. */
export const STATISTICS_MARK_ROW = 'mark';
export const NEW_ISSUES_ROWS = { from: 'new:', to: 'new;' } as const;

export const POOLS_PARTITION = 'p';
export const NAMED_POOL_ROWS = { from: 'p:', to: 'p;' } as const;
export const FULLEST_ROWS = { from: 'f:', to: 'f;' } as const;

/** `;` is the character after `:`, so that these ranges hold the rows of one kind. */
export const VM_ROWS = { from: 'vm:', to: 'vm;' } as const;
export const SEAT_ROWS = { from: 'seats:', to: 'seats;' } as const;
/** Both, and nothing else: the ledger, which has many more rows, comes before them. */
export const SEAT_AND_VM_ROWS = { from: SEAT_ROWS.from, to: VM_ROWS.to } as const;
export const UNCOUNTED_ROW = 'seats:uncounted';
const USAGE_PREFIX = 'hours:';
export const USAGE_ROWS = { from: USAGE_PREFIX, to: 'hours;' } as const;

export const LICENCES_PARTITION = 'l';
export const NAMES_PARTITION = 'n';
export const CLAIM_ROWS = { from: 'claim:', to: 'claim;' } as const;

export function licenceRow(id: string): string {
  return joinKey(foldCase(id));
}

export function claimRow(id: string): string {
  return CLAIM_ROWS.from + joinKey(id);
}

export function subscriptionPartition(cloud: string, subscriptionId: string): string {
  return joinKey(cloud, foldCase(subscriptionId));
}

/** `l`: which licences claim the subscription. */
export type HolderKind = 'l' | 'trial' | 'override';

export function holderRow(plan: PlanName, kind: HolderKind): string {
  return joinKey(foldCase(formatPlanName(plan)), kind);
}

export function planRow(plan: PlanName): string {
  return joinKey(foldCase(plan.publisher), foldCase(plan.product), foldCase(plan.name));
}

/** The licences of every plan of a product: `from` inclusive, `to` exclusive. */
export function productRange({ publisher, product }: PlanName) {
  const prefix = joinKey(foldCase(publisher), foldCase(product));
  return { from: `${prefix}:`, to: `${prefix};` };
}

/** The pools in marketplace mode of one subscription: `from` inclusive, `to` exclusive. */
export function marketplaceRange(cloud: string, subscriptionId: string) {
  const prefix = joinKey('marketplace', cloud, foldCase(subscriptionId));
  return { from: `${prefix}:`, to: `${prefix};` };
}

/** A later day comes first, so that lists begin with the newest. */
export function decisionDay(at: number): string {
  return `${LAST_DAY - Math.floor(at / DAY)}`.padStart(6, '0');
}

/** The id with its time inverted, so that the newest comes first, over the days too. */
export function decisionRow(id: string): string {
  const hex = id.replaceAll('-', '');
  return invertTime(Number.parseInt(hex.slice(0, 12), 16)) + hex.slice(12);
}

/** The rows of decisions made from `from` (inclusive) to `until` (exclusive): `from` inclusive, `to` exclusive. */
export function decisionRange(from: number, until: number) {
  // `g` comes after every hexadecimal digit.
  return { from: invertTime(until - 1), to: `${invertTime(from)}g` };
}

function invertTime(at: number): string {
  return (LAST_TIME - at).toString(16).padStart(12, '0');
}

/**
 * Where the copies of one object's changes are. A digest, for its key may be longer than a key of the store. Few partitions,
 * so that those of a file are written in transactions.
 */
export function changedKeys({ kind, key }: Pick<ChangeMark, 'kind' | 'key'>) {
  const digest = createHash('sha256').update(foldCase(key)).digest('hex');
  return { partitionKey: joinKey(kind, digest.slice(0, 1)), prefix: `${digest}:` };
}

/** A timeline has the rows of the log that are its owner's, under the same row keys. */
export function timelinePartition(owner: TimelineOwner): string {
  return joinKey(owner.cloud, foldCase(owner.kind === 'vm' ? owner.vmId : owner.subscriptionId));
}

/** The row of what is recorded once an hour. */
export function onceKeys({ cloud, subscriptionId, vmId, code, about, at }: RepeatKey) {
  return {
    partitionKey: joinKey(cloud, foldCase(subscriptionId)),
    rowKey: joinKey(hourKey(at), foldCase(vmId), code, about),
  };
}

/** Hours since the epoch. In every partition, the rows of earlier hours come before this key. */
export function hourKey(at: number): string {
  return `${Math.floor(at / HOUR)}`.padStart(8, '0');
}

/**
 * What slices of the log have of an hour; later ones come after it. So a range that is read while rows are added has none of
 * them too early.
 *
 * @param hour milliseconds since the epoch
 * @param until the end of the last of these slices
 */
export function statisticsRow(hour: number, until: number): string {
  return joinKey(hourKey(hour), `${until}`.padStart(15, '0'));
}

export function newIssuesRow(hour: number, id: string): string {
  return NEW_ISSUES_ROWS.from + joinKey(hourKey(hour), id);
}

/** @param name of the pool, which is a key already */
export function namedPoolRow(name: string): string {
  return NAMED_POOL_ROWS.from + name;
}

/** The fullest pool comes first. */
export function fullRow(pool: PoolView): string {
  return `${FULLEST_ROWS.from}${`${MAX_FILL - fillOf(pool)}`.padStart(4, '0')}:${pool.name}`;
}

/** `;` is the character after `:`. */
export const ID_PARTITIONS = { from: 'id:', to: 'id;' } as const;
const PARTITIONED = 2;

export function idPartition(id: string): string {
  return ID_PARTITIONS.from + joinKey(id.slice(0, PARTITIONED));
}

export function idKeys({ kind, cloud, id }: Pick<KnownId, 'kind' | 'cloud' | 'id'>) {
  return { partitionKey: idPartition(id), rowKey: joinKey(id, kind, cloud) };
}

/** Words are letters and digits of any language, which a key may hold. */
export function wordPartition(word: string): string {
  return `licence:${Array.from(word).slice(0, PARTITIONED).join('')}`;
}

/** @param id as the licence is keyed */
export function wordKeys(word: string, id: string) {
  return { partitionKey: wordPartition(word), rowKey: `${word}:${id}` };
}

/** Operators, routes and keys are any text of any length. */
export function requestKeys({ operator, route, key }: OperatorRequestKey): { partitionKey: string; rowKey: string } {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return { partitionKey: digest(operator), rowKey: digest(`${route}\n${digest(key)}`) };
}

export function trustRow(key: TrustKey): string {
  const digest = key.sha256.toLowerCase();
  return key.kind === 'pin' ? joinKey(key.kind, key.cloud, digest) : joinKey(key.kind, digest);
}

export function vmRow(vmId: string): string {
  return VM_ROWS.from + joinKey(foldCase(vmId));
}

/** ISO 8601, so that the days of a range are neighbours. @param day days since the epoch */
function dayName(day: number): string {
  return new Date(dayStart(day)).toISOString().slice(0, 10);
}

/** One VM's hours of one day. */
export function usageRow(day: number, vmId: string): string {
  return USAGE_PREFIX + joinKey(dayName(day), foldCase(vmId));
}

/** The hours of a day of VMs that are no longer named: after those of all VMs, for no UUID begins so. */
export function summedRow(day: number, { cloud, subscriptionId, offer }: Summed): string {
  return USAGE_PREFIX + joinKey(dayName(day), SUM, cloud, foldCase(subscriptionId), foldCase(offer));
}

const SUM = 'sum';

interface Summed {
  readonly cloud: string;
  readonly subscriptionId: string;
  readonly offer: string;
}

/** The opposite of {@link usageRow} and {@link summedRow}; `vmId: null` for the latter. */
export function parseUsageRow(rowKey: string): { readonly day: number; readonly vmId: string | null } {
  const [date = '', vmId = SUM] = splitKey(rowKey.slice(USAGE_PREFIX.length));
  return { day: dayOf(Date.parse(date)), vmId: vmId === SUM ? null : vmId };
}

/** Hours from one day to another. Both ends are exclusive. Of some VMs the range is of one day alone. */
export function usageRange(days: DayRange, { after, last }: VmRange): { readonly from: string; readonly to: string } {
  const to = last === null ? USAGE_PREFIX + dayName(days.until) : `${usageRow(days.from, last)} `;
  return { from: after === null ? USAGE_PREFIX + dayName(days.from) : usageRow(days.from, after), to };
}

export function blockRow(index: number): string {
  return `${SEAT_ROWS.from}${`${index * BLOCK_SIZE}`.padStart(8, '0')}`;
}

/** The index of a seat block's row, or `null` for the other row among them. */
export function blockIndex(rowKey: string): number | null {
  return rowKey === UNCOUNTED_ROW ? null : Number(rowKey.slice(SEAT_ROWS.from.length)) / BLOCK_SIZE;
}
