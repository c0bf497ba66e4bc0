import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { LicenceCode } from '../contract/codes.ts';
import { hoursToCount } from '../contract/dayHours.ts';
import type { DayHours } from '../contract/dayHours.ts';
import type { WriteOutcome } from '../contract/stored.ts';
import type { Activation, ChallengeMark } from './activation.ts';
import type { Entitlement, LicenceTimes } from '../catalogue/entitlement.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { extendLease } from './lease.ts';
import type { SeatStore, SeatWrite } from './store.ts';

/** What a VM came with. Times are milliseconds since the epoch. */
export interface ActivationRequest {
  readonly vmId: string;
  readonly cloud: string;
  readonly subscriptionId: string;
  /** RFC 7638 thumbprint of the key that was proved, if any. */
  readonly jkt?: string | undefined;
  readonly challenge: ChallengeMark;
  /** `jti` of the licence that is to be issued. */
  readonly licenceJti: string;
  readonly region: string | null;
  readonly sku: string;
  /** The client's name and version, its own word. */
  readonly client?: string | undefined;
  /** A name of the machine for people, its own word. */
  readonly label?: string | undefined;
  readonly at: number;
  readonly times: LicenceTimes;
}

/** The VM's row as it will stand, but for its seat. */
export type Issue =
  | { readonly granted: true; readonly activation: Activation; readonly first: boolean; readonly keyChanged: boolean }
  | { readonly granted: false; readonly code: LicenceCode | 'challenge_replayed' };

/** Judges everything that rests on the VM's row alone. Pure; nothing is spent by a refusal. */
export function planIssue(known: Activation | null, entitlement: Entitlement, request: ActivationRequest): Issue {
  if (known !== null && isOfOtherCloud(known, request.cloud)) return { granted: false, code: 'vm_not_allowed' };
  if (!isNewer(request.challenge, known?.challenge ?? null)) return { granted: false, code: 'challenge_replayed' };
  if (known?.blocked === true) return { granted: false, code: 'vm_blocked' };
  const key = keyVerdict(known, entitlement, request);
  if (!key.accepted) return { granted: false, code: 'key_changed' };
  return {
    granted: true,
    activation: nextRow(known, entitlement, request, key.history),
    first: (known?.challenge ?? null) === null,
    keyChanged: key.changed,
  };
}

function keyVerdict(known: Activation | null, entitlement: Entitlement, request: ActivationRequest): KeyVerdict {
  const use = { jkt: request.jkt ?? null, at: request.at, expiresAt: request.times.expiresAt };
  const history = known ?? { jkt: use.jkt, keyUntil: 0, keyChanges: [] };
  return judgeKey(history, use, entitlement.keyChanges);
}

function nextRow(
  known: Activation | null,
  entitlement: Entitlement,
  request: ActivationRequest,
  history: KeyHistory,
): Activation {
  // A row without a challenge is an operator's, made before the VM ever came.
  const seen = known?.challenge === null ? null : known;
  return {
    vmId: request.vmId,
    cloud: request.cloud,
    subscriptionId: request.subscriptionId,
    licenceId: entitlement.licenceId,
    offer: entitlement.offer,
    seat: known?.seat ?? { kind: 'none' },
    ...history,
    challenge: request.challenge,
    licenceJti: request.licenceJti,
    issuedAt: request.at,
    expiresAt: request.times.expiresAt,
    counted: known?.counted ?? null,
    overSince: null,
    movedTo: null,
    moves: known?.moves ?? 0,
    leaseEnd: extendLease(known?.leaseEnd ?? 0, request.times),
    graceUntil: Math.max(known?.graceUntil ?? 0, request.times.graceUntil),
    region: request.region,
    sku: request.sku,
    client: request.client ?? null,
    label: request.label ?? null,
    firstSeen: seen?.firstSeen ?? request.at,
    lastSeen: Math.max(known?.lastSeen ?? 0, request.at),
    blocked: false,
  };
}

/** Whether the VM came from another cloud when it was given its licence. An operator's row says only where it is expected. */
export function isOfOtherCloud({ challenge, cloud }: Activation, asked: string): boolean {
  return challenge !== null && cloud !== asked;
}

/** Whether a challenge was issued after the newest one honoured: by time, then by `jti`. The same one is not newer. */
export function isNewer(challenge: ChallengeMark, newest: ChallengeMark | null): boolean {
  if (newest === null || challenge.ms > newest.ms) return true;
  return challenge.ms === newest.ms && challenge.jti > newest.jti;
}

export type KeyHistory = Pick<Activation, 'jkt' | 'keyUntil' | 'keyChanges'>;

/** The licence that is to be issued: under which key, when, until when. */
export interface KeyUse {
  readonly jkt: string | null;
  readonly at: number;
  readonly expiresAt: number;
}

export type KeyVerdict =
  { readonly accepted: true; readonly history: KeyHistory; readonly changed: boolean } | { readonly accepted: false };

/**
 * Judges the key of a licence. Another key than the last one is a change if a licence under the last one has not
 * expired; going back to an earlier key is a change too, and so is no key after one. A change counts until the last
 * licence under the key before it has expired by every instance's clock. So a VM holds live licences for at most `allowed` + 1 keys.
 */
export function judgeKey(history: KeyHistory, use: KeyUse, allowed: number): KeyVerdict {
  const counting = history.keyChanges.filter((change) => change.until + CLOCK_SKEW > use.at);
  if (use.jkt === history.jkt) {
    const keyUntil = Math.max(history.keyUntil, use.expiresAt);
    return { accepted: true, history: { jkt: use.jkt, keyUntil, keyChanges: counting }, changed: false };
  }
  const next = { jkt: use.jkt, keyUntil: use.expiresAt };
  if (history.keyUntil + CLOCK_SKEW <= use.at) {
    return { accepted: true, history: { ...next, keyChanges: counting }, changed: false };
  }
  if (counting.length >= allowed) return { accepted: false };
  const change = { from: history.jkt, at: use.at, until: history.keyUntil };
  return { accepted: true, history: { ...next, keyChanges: [...counting, change] }, changed: true };
}

/** Whether any other key than the last one would be refused now. */
export function isKeySettled(history: KeyHistory, at: number, allowed: number): boolean {
  // No thumbprint is empty, and how long the licence would live does not matter to whether it is given.
  return !judgeKey(history, { jkt: '', at, expiresAt: at }, allowed).accepted;
}

/** A transaction has at most 100 rows: as many days as leave room for the VM's own row, its seat and whoever had it. */
const MAX_DAYS_TOGETHER = 80;
const MAX_TRANSACTION = 100;

/** What the ledger of licensed hours learns from a VM's row. */
export interface HoursLearned {
  /** For the VM's row: see {@link Activation.counted}. */
  readonly counted: DayHours | null;
  /** Days too many for one transaction, in transactions of their own: to write them twice changes nothing. */
  readonly first: readonly (readonly SeatWrite[])[];
  /** To be written together with the VM's row, whose condition guards them: at most 80. */
  readonly together: readonly SeatWrite[];
}

/** The hours of the newest licence of a VM that are certain by `at`: it is replaced, moved to another pool, or forgotten. */
export function learnHours(known: Activation, at: number): HoursLearned {
  const days = hoursToCount(known, at);
  const { vmId, cloud, subscriptionId, licenceId, offer } = known;
  const of = { vmId, cloud, subscriptionId, licenceId, offer };
  const writes = days.map((one): SeatWrite => ({ row: 'usage', ...of, ...one }));
  const before = Math.max(0, writes.length - MAX_DAYS_TOGETHER);
  const first: SeatWrite[][] = [];
  for (let start = 0; start < before; start += MAX_TRANSACTION) {
    first.push(writes.slice(start, Math.min(before, start + MAX_TRANSACTION)));
  }
  return { counted: days.at(-1) ?? known.counted, first, together: writes.slice(before) };
}

/** A VM's row as it is known: with the version that it is to be replaced at, or `null` if it is to be inserted. */
export interface KnownRow {
  readonly value: Activation;
  readonly version: string | null;
}

/** One VM's row as it shall stand. */
export interface RowChange {
  /** The row as it was read; `null` if there is none. */
  readonly known: KnownRow | null;
  readonly next: Activation;
  /** Until when the newest licence of `known` counts: the time of the next issue, or of the move to another pool. */
  readonly at: number;
  /** Rows of seats that change with it. */
  readonly others?: readonly SeatWrite[];
}

/**
 * Writes a VM's row, in one transaction with the hours that its licence before has brought.
 *
 * @returns with the row as it was written
 * @throws StoreUnavailableError
 */
export async function writeAndCount(
  store: Pick<SeatStore, 'writeSeats'>,
  pool: SeatPool,
  { known, next, at, others = [] }: RowChange,
): Promise<{ readonly outcome: WriteOutcome; readonly activation: Activation }> {
  const learned = known === null ? NOTHING : learnHours(known.value, at);
  for (const writes of learned.first) await store.writeSeats(pool, writes);
  const activation = { ...next, counted: learned.counted };
  // The VM's own row comes first: if another process of the same VM was first, that is what the answer says.
  const own: SeatWrite = { row: 'activation', activation, version: known?.version ?? null };
  const outcome = await store.writeSeats(pool, [own, ...others, ...learned.together]);
  return { outcome, activation };
}

const NOTHING: HoursLearned = { counted: null, first: [], together: [] };
