import type { Activation } from './activation.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import { writeAndCount } from './issue.ts';
import type { KnownRow } from './issue.ts';
import { UNCOUNTED_MARGIN, isOver, keepsSeat } from './lease.ts';
import { limitWithoutEnd } from './seatBlocks.ts';
import { planFreeSeat, planGivingUp, planTakeOver, seatNumber } from './seatPlan.ts';
import type { SeatGain, SeatSearch } from './seatPlan.ts';
import type { SeatGate } from './seatGate.ts';
import type { SeatBlock, SeatStore, SeatWrite } from './store.ts';
import type { Stored } from '../contract/stored.ts';

/** One attempt to write that a VM is given a licence. */
export interface Attempt {
  readonly entitlement: Entitlement;
  readonly at: number;
  readonly known: KnownRow | null;
  /** The VM's row as it will stand, but for its seat. */
  readonly next: Activation;
  readonly isFirst: boolean;
  readonly random: () => number;
  readonly gate: SeatGate;
  readonly signal: AbortSignal | undefined;
  readonly prepare: (activation: Activation, over: boolean) => Promise<void>;
}

/** `given_up`: seats were given up after `seats` had been lowered; the search starts over. */
export type Step =
  | { readonly outcome: 'written'; readonly activation: Activation }
  | { readonly outcome: 'exists' | 'changed' | 'exhausted' | 'given_up' };

const CHANGED: Step = { outcome: 'changed' };

/** Writes the VM's row with the seat that it has, or with one that it finds. */
export async function takeStep(store: SeatStore, attempt: Attempt): Promise<Step> {
  const { entitlement, known, next, at, gate, signal } = attempt;
  const { seats } = entitlement;
  if (known !== null && keepsSeat(known.value, seats, at)) {
    const lower = await findLowerSeat(store, attempt);
    return lower === null ? write(store, attempt, next, []) : sit(store, attempt, lower);
  }
  // Uncounted seats touch no row of others.
  if (seats === 'unlimited') return sitUncounted(store, attempt);
  const search = async () => findSeat(store, attempt, await readSearch(store, attempt, seats));
  return gate(entitlement.pool, search, signal);
}

async function sitUncounted(store: SeatStore, attempt: Attempt): Promise<Step> {
  const { hasUncounted } = await store.readSeats(attempt.entitlement.pool, null);
  const marker: SeatWrite[] = hasUncounted ? [] : [{ row: 'uncounted' }];
  return write(store, attempt, { ...attempt.next, seat: { kind: 'uncounted' } }, marker);
}

async function readSearch(store: SeatStore, attempt: Attempt, seats: number): Promise<SeatSearch> {
  const { entitlement, known, at, random } = attempt;
  const since = at - UNCOUNTED_MARGIN;
  const { blocks, uncounted } = await store.readSeats(entitlement.pool, since);
  const others = isCountedSince(known?.value, since) ? uncounted - 1 : uncounted;
  const { overage } = entitlement;
  const limit = overage === 'unlimited' ? limitWithoutEnd(blocks, seats) : Math.max(0, seats + overage - others);
  const held = known === null ? null : seatNumber(known.value.seat);
  return { blocks, limit, bought: seats, held, random };
}

/** VMs let in while seats were unlimited keep their licences, and count; but none against itself. */
function isCountedSince(known: Activation | undefined, since: number): boolean {
  return known?.seat.kind === 'uncounted' && known.leaseEnd >= since;
}

/**
 * A VM that is over looks for one of the seats that were bought. It keeps the one it has if there is none, or if another
 * VM was faster.
 */
async function findLowerSeat(store: SeatStore, attempt: Attempt): Promise<SeatGain | null> {
  const { entitlement, known, isFirst } = attempt;
  const { seats } = entitlement;
  if (!isFirst || seats === 'unlimited' || known === null || !isOver(known.value.seat, seats)) return null;
  const search = await readSearch(store, attempt, seats);
  return planFreeSeat(search, seats) ?? planTakeOver(search, await readEnded(store, attempt, seats));
}

/** A seat that was bought, free or of an ended lease; else one beyond, as far as the overage goes. */
async function findSeat(store: SeatStore, attempt: Attempt, search: SeatSearch): Promise<Step> {
  const { bought, limit } = search;
  const free = planFreeSeat(search, bought);
  if (free !== null) return sit(store, attempt, free);
  const hasOverage = limit > bought;
  const ended = await readEnded(store, attempt, hasOverage ? bought : null);
  const takenOver = planTakeOver(search, ended);
  if (takenOver !== null) return sit(store, attempt, takenOver);
  return hasOverage ? findSeatBeyond(store, attempt, search) : giveUpSeats(store, attempt, search, ended);
}

async function findSeatBeyond(store: SeatStore, attempt: Attempt, search: SeatSearch): Promise<Step> {
  const free = planFreeSeat(search, search.limit);
  // Without an end there is always a free number: that of an ended lease goes first, so that numbers do not grow for ever.
  if (free !== null && attempt.entitlement.overage !== 'unlimited') return sit(store, attempt, free);
  const ended = await readEnded(store, attempt, null);
  const gain = planTakeOver(search, ended) ?? free;
  return gain === null ? giveUpSeats(store, attempt, search, ended) : sit(store, attempt, gain);
}

/** @param below only seats with a lower number */
async function readEnded(store: SeatStore, { entitlement, at, next }: Attempt, below: number | null) {
  const rows = await store.readEnded(entitlement.pool, at - CLOCK_SKEW, below);
  return rows.filter((row) => row.value.vmId !== next.vmId);
}

async function giveUpSeats(
  store: SeatStore,
  { entitlement: { pool } }: Attempt,
  search: SeatSearch,
  ended: readonly Stored<Activation>[],
): Promise<Step> {
  const writes = planGivingUp(search, ended);
  if (writes.length === 0) return (await hasChanged(store, pool, search.blocks)) ? CHANGED : { outcome: 'exhausted' };
  const outcome = await store.writeSeats(pool, writes);
  return outcome === 'written' ? { outcome: 'given_up' } : CHANGED;
}

/** A seat given up between the reading of the blocks and the search for ended leases would be in neither. */
async function hasChanged(store: SeatStore, pool: SeatPool, before: readonly SeatBlock[]): Promise<boolean> {
  const { blocks } = await store.readSeats(pool, null);
  const versions = new Map(before.map((block) => [block.index, block.version]));
  return blocks.length !== before.length || blocks.some((block) => versions.get(block.index) !== block.version);
}

function sit(store: SeatStore, attempt: Attempt, gain: SeatGain): Promise<Step> {
  return write(store, attempt, { ...attempt.next, seat: { kind: 'numbered', number: gain.seat } }, gain.writes);
}

/** The one place that writes the row of a VM that is given a licence. */
async function write(
  store: SeatStore,
  { entitlement, known, at, prepare }: Attempt,
  activation: Activation,
  others: readonly SeatWrite[],
): Promise<Step> {
  const over = isOver(activation.seat, entitlement.seats);
  const next = { ...activation, overSince: over ? (known?.value.overSince ?? at) : null };
  await prepare(next, over);
  const { outcome, activation: written } = await writeAndCount(store, entitlement.pool, { known, next, at, others });
  return outcome === 'written' ? { outcome, activation: written } : { outcome };
}
