import type { LicenceCode } from '../contract/codes.ts';
import type { Activation } from './activation.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { planIssue, writeAndCount } from './issue.ts';
import type { ActivationRequest, Issue } from './issue.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import { UNCOUNTED_MARGIN, isInGrace, keepsSeat } from './lease.ts';
import { planFreeSeat, planGivingUp, planTakeOver, seatNumber } from './seatPlan.ts';
import type { SeatGain, SeatSearch } from './seatPlan.ts';
import { createSeatGate } from './seatGate.ts';
import type { SeatGate } from './seatGate.ts';
import { ATTEMPTS, pauseAfter, withoutLateWrites } from './seatOptions.ts';
import type { SeatOptions } from './seatOptions.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { SeatBlock, SeatStore, SeatWrite } from './store.ts';
import type { Stored } from '../contract/stored.ts';

export type { ActivationRequest } from './issue.ts';

/**
 * `first`: no licence was issued to this VM before. `keyChanged`: this licence counts as a change of key. `inGrace`: the
 * VM may still run on a licence that it was given earlier.
 */
export type ActivationOutcome =
  | { readonly granted: true; readonly activation: Activation; readonly first: boolean; readonly keyChanged: boolean }
  | { readonly granted: false; readonly code: LicenceCode | 'challenge_replayed'; readonly inGrace: boolean };

/**
 * Writes down that a VM is given a licence, or says why it is not. The licence may be issued only after this has
 * answered `granted`. A known VM costs one read and one conditional write; a new one a transaction that takes its seat.
 *
 * @throws StoreUnavailableError if the store fails, or if every attempt lost its race
 */
export async function activate(
  unbounded: SeatStore,
  entitlement: Entitlement,
  request: ActivationRequest,
  options: SeatOptions = {},
): Promise<ActivationOutcome> {
  const { random = Math.random, gate = createSeatGate(), signal } = options;
  const store = withoutLateWrites(unbounded, signal);
  const readOwn = () => store.readActivation(entitlement.pool, request.vmId);
  let known = await readOwn();
  let tried: Issue | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // A write may land though its answer is lost; what is then in its way is the write itself.
    if (tried?.granted === true && known?.value.licenceJti === request.licenceJti) {
      return { ...tried, activation: known.value };
    }
    const issue = planIssue(known?.value ?? null, entitlement, request);
    if (!issue.granted) return refuse(issue.code, known, request.at);
    const next = issue.activation;
    const step = await takeStep(store, { entitlement, at: request.at, known, next, random, gate, signal });
    tried = issue;
    if (step.outcome === 'written') return { ...issue, activation: step.activation };
    if (step.outcome === 'given_up') continue;
    const before = known?.version;
    // While the VM has no row, a change was someone else's: its own row would be found to exist.
    if (known !== null || step.outcome !== 'changed') known = await readOwn();
    // Another process of the same VM may have taken the last seat meanwhile.
    if (step.outcome === 'exhausted' && known?.version === before) return refuse('seats_exhausted', known, request.at);
    await pauseAfter(attempt, options);
  }
  throw tooMany();
}

function refuse(
  code: LicenceCode | 'challenge_replayed',
  known: Stored<Activation> | null,
  at: number,
): ActivationOutcome {
  return { granted: false, code, inGrace: known !== null && isInGrace(known.value, at) };
}

function tooMany(): StoreUnavailableError {
  return new StoreUnavailableError('Too many activations of one licence at the same time: try again.');
}

interface Attempt {
  readonly entitlement: Entitlement;
  readonly at: number;
  readonly known: Stored<Activation> | null;
  /** The VM's row as it will stand, but for its seat. */
  readonly next: Activation;
  readonly random: () => number;
  readonly gate: SeatGate;
  readonly signal: AbortSignal | undefined;
}

/** `given_up`: seats were given up after `seats` had been lowered; the search starts over. */
type Step =
  | { readonly outcome: 'written'; readonly activation: Activation }
  | { readonly outcome: 'exists' | 'changed' | 'exhausted' | 'given_up' };

const CHANGED: Step = { outcome: 'changed' };

function takeStep(store: SeatStore, attempt: Attempt): Promise<Step> {
  const { entitlement, known, next, at, gate, signal } = attempt;
  if (known !== null && keepsSeat(known.value, entitlement.seats, at)) return write(store, attempt, next, []);
  // Uncounted seats touch no row of others.
  if (entitlement.seats === 'unlimited') return sitUncounted(store, attempt);
  const { seats } = entitlement;
  return gate(entitlement.pool, () => sitNumbered(store, attempt, seats), signal);
}

async function sitUncounted(store: SeatStore, attempt: Attempt): Promise<Step> {
  const { hasUncounted } = await store.readSeats(attempt.entitlement.pool, null);
  const marker: SeatWrite[] = hasUncounted ? [] : [{ row: 'uncounted' }];
  return write(store, attempt, { ...attempt.next, seat: { kind: 'uncounted' } }, marker);
}

async function sitNumbered(store: SeatStore, attempt: Attempt, seats: number): Promise<Step> {
  const { entitlement, known, at } = attempt;
  const since = at - UNCOUNTED_MARGIN;
  const { blocks, uncounted } = await store.readSeats(entitlement.pool, since);
  const others = isCountedSince(known?.value, since) ? uncounted - 1 : uncounted;
  const limit = Math.max(0, seats - others);
  const held = known === null ? null : seatNumber(known.value.seat);
  return findSeat(store, attempt, { blocks, limit, held, random: attempt.random });
}

/** VMs let in while seats were unlimited keep their licences, and count; but none against itself. */
function isCountedSince(known: Activation | undefined, since: number): boolean {
  return known?.seat.kind === 'uncounted' && known.leaseEnd >= since;
}

async function findSeat(store: SeatStore, attempt: Attempt, search: SeatSearch): Promise<Step> {
  const free = planFreeSeat(search);
  if (free !== null) return sit(store, attempt, free);
  const { pool } = attempt.entitlement;
  const rows = await store.readEnded(pool, attempt.at - CLOCK_SKEW);
  const ended = rows.filter((row) => row.value.vmId !== attempt.next.vmId);
  const takenOver = planTakeOver(search, ended);
  if (takenOver !== null) return sit(store, attempt, takenOver);
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

async function write(
  store: SeatStore,
  { entitlement, known }: Attempt,
  activation: Activation,
  others: readonly SeatWrite[],
): Promise<Step> {
  const change = { known, next: activation, at: activation.issuedAt, others };
  const { outcome, activation: written } = await writeAndCount(store, entitlement.pool, change);
  return outcome === 'written' ? { outcome, activation: written } : { outcome };
}
