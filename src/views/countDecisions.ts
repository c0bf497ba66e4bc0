import { createHash } from 'node:crypto';

import { isGrant } from '../decisions/decisionRecord.ts';
import type { DecisionCode, DecisionRecord } from '../decisions/decisionRecord.ts';

/** Milliseconds. */
export const HOUR = 60 * 60 * 1000;

/** Under which the VMs without an offer are counted. */
export const NO_OFFER = '-';

export function hourOf(at: number): number {
  return Math.floor(at / HOUR) * HOUR;
}

/** Numbers by what they count, as {@link dimensionKey}, {@link refusedKey} and {@link issuerKey} name it. */
export type Counts = ReadonlyMap<string, number>;

/** What is counted in an hour, or a part of it. */
export interface HourCounts {
  /** VMs by code, cloud and offer. */
  readonly decisions: Counts;
  /** VMs that were refused, by code and customer. */
  readonly refused: Counts;
  /** Licences that were issued, renewals too, by cloud and issuing CA. */
  readonly issues: Counts;
  /** What the customers of the licences in `refused` were called, by the licence; those without a name are left out. */
  readonly customers: ReadonlyMap<string, string>;
}

export const NO_COUNTS: HourCounts = {
  ...{ decisions: new Map(), refused: new Map(), issues: new Map(), customers: new Map() },
};

/** Names have no `|`: those of codes and clouds are ours, and offers and ids are made of letters, digits and `./_:-`. */
const SEPARATOR = '|';

export interface Dimension {
  readonly code: DecisionCode;
  readonly cloud: string;
  /** `publisher/product/plan`, or {@link NO_OFFER}. */
  readonly offer: string;
}

/**
 * What a decision counts under. Its offer is the one that the service found, so only offers that there were are a
 * dimension, and nothing that a VM says makes one.
 */
function dimensionKey({ code, cloud, offer }: DecisionRecord): string {
  return [code, cloud, offer ?? NO_OFFER].join(SEPARATOR);
}

export function readDimension(key: string): Dimension {
  const [code = '', cloud = '', offer = ''] = key.split(SEPARATOR);
  return { code: code as DecisionCode, cloud, offer };
}

/** Who was refused: the licence as tokens call it, or the subscription where there is none. */
export interface RefusedCustomer {
  readonly code: DecisionCode;
  readonly cloud: string;
  readonly subscriptionId: string | null;
  readonly licenceId: string | null;
}

function refusedKey({ code, cloud, subscriptionId, licenceId }: DecisionRecord): string {
  return [code, cloud, licenceId === null ? subscriptionId : '', licenceId ?? ''].join(SEPARATOR);
}

export function readRefused(key: string): RefusedCustomer {
  const [code = '', cloud = '', subscriptionId = '', licenceId = ''] = key.split(SEPARATOR);
  const of = { subscriptionId: subscriptionId || null, licenceId: licenceId || null };
  return { code: code as DecisionCode, cloud, ...of };
}

/** A CA that signed the evidence of those who got licences. Its name is the last part, and may be any text. */
export function issuerKey(cloud: string, name: string): string {
  return [cloud, name].join(SEPARATOR);
}

export function readIssuer(key: string): { readonly cloud: string; readonly name: string } {
  const end = key.indexOf(SEPARATOR);
  return { cloud: key.slice(0, end), name: key.slice(end + 1) };
}

/** Counts of one hour with what they count: the digests of {@link digestOf}, so that nothing counts twice. */
export interface SeenHour {
  readonly hour: number;
  readonly counts: HourCounts;
  readonly seen: readonly string[];
}

/**
 * Counts decisions by hour. A VM counts once an hour under each code, cloud and offer: the log has a refusal once an hour
 * already, but a VM can give its seat back and take one as often as it likes.
 *
 * @param seen the digests of what was counted already; those of these decisions are added
 */
export function countDecisions(decisions: readonly DecisionRecord[], seen: Set<string>): readonly SeenHour[] {
  const hours = new Map<number, Draft>();
  for (const decision of decisions) {
    const hour = hourOf(decision.at);
    const digest = digestOf(decision);
    if (seen.has(digest)) continue;
    seen.add(digest);
    const draft: Draft = hours.get(hour) ?? { decisions: new Map(), refused: new Map(), seen: [] };
    hours.set(hour, draft);
    add(draft.decisions, dimensionKey(decision), 1);
    if (!isGrant(decision.code)) add(draft.refused, refusedKey(decision), 1);
    draft.seen.push(digest);
  }
  return [...hours]
    .sort(([left], [right]) => left - right)
    .map(([hour, { seen: own, ...counts }]) => ({ hour, counts: { ...NO_COUNTS, ...counts }, seen: own }));
}

interface Draft {
  readonly decisions: Map<string, number>;
  readonly refused: Map<string, number>;
  readonly seen: string[];
}

/** 72 bits: two of a million in an hour are never alike. */
const DIGEST_OCTETS = 9;

/** What counts once: a VM in an hour under a dimension. */
function digestOf(decision: DecisionRecord): string {
  const named = [hourOf(decision.at), dimensionKey(decision), decision.vmId].join(SEPARATOR);
  return createHash('sha256').update(named).digest().subarray(0, DIGEST_OCTETS).toString('base64url');
}

export function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export function addCounts(all: readonly HourCounts[]): HourCounts {
  return {
    decisions: sum(all.map(({ decisions }) => decisions)),
    refused: sum(all.map(({ refused }) => refused)),
    issues: sum(all.map(({ issues }) => issues)),
    customers: new Map(all.flatMap(({ customers }) => [...customers])),
  };
}

function sum(all: readonly Counts[]): Counts {
  const total = new Map<string, number>();
  for (const counts of all) for (const [key, count] of counts) add(total, key, count);
  return total;
}
