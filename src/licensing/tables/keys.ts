import type { SeatPool } from '../entitlement.ts';
import { foldCase } from '../planName.ts';
import type { PlanName } from '../planName.ts';
import { BLOCK_SIZE } from '../seatBlocks.ts';

/*
 * Partition and row keys, as docs/decisions/table-keys.md explains them. A key must not hold / \ # ? or control
 * characters and is at most 1 KiB, which is 512 UTF-16 units ("Understanding the Table service data model").
 */

const LONGEST_KEY = 512;

export const OFFERS_PARTITION = 'offers';

/** `;` is the character after `:`, so that these ranges hold the rows of one kind. */
export const VM_ROWS = { from: 'vm:', to: 'vm;' } as const;
export const SEAT_ROWS = { from: 'seats:', to: 'seats;' } as const;
export const UNCOUNTED_ROW = 'seats:uncounted';

export function licencePartition(cloud: string, subscriptionId: string): string {
  return joinKey(cloud, foldCase(subscriptionId));
}

export function planRow(plan: PlanName): string {
  return joinKey(foldCase(plan.publisher), foldCase(plan.product), foldCase(plan.name));
}

export function poolPartition(pool: SeatPool): string {
  return joinKey(pool.mode, pool.cloud, foldCase(pool.subscriptionId), ...planParts(pool.plan));
}

export function vmRow(vmId: string): string {
  return VM_ROWS.from + joinKey(foldCase(vmId));
}

export function blockRow(index: number): string {
  return `${SEAT_ROWS.from}${`${index * BLOCK_SIZE}`.padStart(8, '0')}`;
}

/** The index of a seat block's row, or `null` for the other row among them. */
export function blockIndex(rowKey: string): number | null {
  return rowKey === UNCOUNTED_ROW ? null : Number(rowKey.slice(SEAT_ROWS.from.length)) / BLOCK_SIZE;
}

function planParts(plan: PlanName): string[] {
  return [plan.publisher, plan.product, plan.name].map(foldCase);
}

/** Parts joined by `:`. What is neither letter, digit nor one of `.-_` becomes `~` and the hexadecimal of its octets. */
function joinKey(...parts: readonly string[]): string {
  const key = parts.map((part) => part.replace(/[^A-Za-z0-9._-]/gu, escapeCharacter)).join(':');
  if (key.length > LONGEST_KEY) throw new Error(`A key of the store is longer than ${LONGEST_KEY} characters.`);
  return key;
}

function escapeCharacter(character: string): string {
  return `~${Buffer.from(character, 'utf8').toString('hex')}~`;
}
