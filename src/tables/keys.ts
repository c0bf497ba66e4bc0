import { createHash } from 'node:crypto';

import type { SeatPool } from '../catalogue/entitlement.ts';
import type { OperatorRequestKey } from '../http/operatorRequest.ts';
import { foldCase } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import { BLOCK_SIZE } from '../seats/seatBlocks.ts';
import type { TrustKey } from '../trust/live/trustEntry.ts';

/*
 * Partition and row keys, as docs/decisions/table-keys.md explains them. A key must not hold / \ # ? or control
 * characters and is at most 1 KiB, which is 512 UTF-16 units ("Understanding the Table service data model").
 */

const MAX_KEY = 512;

const DAY = 24 * 60 * 60 * 1000;
const LAST_DAY = 999_999;
const LAST_TIME = 2 ** 48 - 1;

export const OFFERS_PARTITION = 'offers';
export const ISSUERS_PARTITION = 'issuers';
export const TRUST_PARTITION = 'trust';
export const KEY_SETS_PARTITION = 'keysets';

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

/** The licences of every plan of a product: `from` inclusive, `to` exclusive. */
export function productRange({ publisher, product }: PlanName) {
  const prefix = joinKey(foldCase(publisher), foldCase(product));
  return { from: `${prefix}:`, to: `${prefix};` };
}

/** The rows of one subscription's pools of one mode: `from` inclusive, `to` exclusive. */
export function poolRange(mode: SeatPool['mode'], cloud: string, subscriptionId: string) {
  const prefix = joinKey(mode, cloud, foldCase(subscriptionId));
  return { from: `${prefix}:`, to: `${prefix};` };
}

/** The pool of a partition; its plan is in lower case. */
export function parsePoolPartition(key: string): SeatPool | null {
  const [mode, cloud, subscriptionId, publisher, product, name, ...rest] = key.split(':').map(unescapePart);
  if (mode !== 'licensed' && mode !== 'marketplace') return null;
  if (!cloud || !subscriptionId || !publisher || !product || !name || rest.length > 0) return null;
  return { mode, cloud, subscriptionId, plan: { publisher, product, name } };
}

/** A later day comes first, so that lists begin with the newest. */
export function decisionDay(at: number): string {
  return `${LAST_DAY - Math.floor(at / DAY)}`.padStart(6, '0');
}

export function decisionPartition(at: number, cloud: string, subscriptionId: string): string {
  return joinKey(decisionDay(at), cloud, foldCase(subscriptionId));
}

/** The id with its time inverted, so that within a partition too the newest comes first. */
export function decisionRow(id: string): string {
  const hex = id.replaceAll('-', '');
  const time = (LAST_TIME - Number.parseInt(hex.slice(0, 12), 16)).toString(16).padStart(12, '0');
  return time + hex.slice(12);
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
  if (key.length > MAX_KEY) throw new Error(`A key of the store is longer than ${MAX_KEY} characters.`);
  return key;
}

function escapeCharacter(character: string): string {
  return `~${Buffer.from(character, 'utf8').toString('hex')}~`;
}

function unescapePart(part: string): string {
  return part.replace(/~([0-9a-f]+)~/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('utf8'));
}
